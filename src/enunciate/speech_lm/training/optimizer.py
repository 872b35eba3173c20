"""The optimiser of an adapter."""

from __future__ import annotations

import torch
from torch import nn

from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.run_state import trained_parameters
from enunciate.speech_lm.training.working_copies import WorkingCopies


def make_optimizer(
    model: nn.Module, recipe: AdapterRecipe, device: torch.device, copies: WorkingCopies | None
) -> torch.optim.Optimizer:
    """Return AdamW, with the recipe's own learning rate, if any, for modules that are trained whole.

    It changes the masters of working copies, if there are any.
    """
    masters = {} if copies is None else copies.masters
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in trained_parameters(model).items():
        whole = "modules_to_save" in name
        rate = recipe.hearing_learning_rate if whole else None
        groups.setdefault(rate or recipe.learning_rate, []).append(masters.get(name, parameter))
    return torch.optim.AdamW(
        [{"params": parameters, "lr": rate} for rate, parameters in groups.items()],
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        fused=device.type == "cuda",
    )
