"""The loss: cross-entropy of the answer's tokens, with logits computed at their positions only.

The vocabulary has 200,064 entries and an answer is a small part of its sequence, so logits at every position
would take most of the memory of a training step and contribute nothing. This is done inside the model's own
`forward`, because DDP, FSDP, PEFT and autocast hook into that.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.models.phi4_multimodal import modeling_phi4_multimodal as native

IGNORE_INDEX = -100
"""Label of positions outside the answer, which the loss ignores (PyTorch's `ignore_index`)."""


class Phi4MultimodalForCausalLM(native.Phi4MultimodalForCausalLM):
    """The model with a loss over the answer; it keeps its name, which `save_pretrained` writes down."""

    checkpoint: Path | None = None
    """Folder from which the weights were loaded; None for random weights."""

    def forward(
        self,
        input_ids: Tensor | None = None,
        *args: Any,
        labels: Tensor | None = None,
        num_items_in_batch: Tensor | int | None = None,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Compute as transformers does; with labels, return only the logits that predict a label.

        These logits have shape (N, V), in row-major order of the N labels.

        Args:
            input_ids: (B, L).
            args: Further arguments of transformers' `forward`.
            labels: (B, L), `IGNORE_INDEX` outside the answer; not shifted.
            num_items_in_batch: Divisor of the summed losses; the default is the number of labels in this
                batch. The number of a whole optimiser step makes the loss independent of how the step is
                split into micro-batches.
            kwargs: Further arguments of transformers' `forward`.
        """
        if labels is None:
            forward = cast("Any", super()).forward
            return forward(input_ids, *args, **kwargs)
        kwargs = kwargs | {"use_cache": False}
        for name in ("return_dict", "logits_to_keep"):
            kwargs.pop(name, None)
        outputs = self.model(input_ids, *args, **kwargs)
        hidden = cast("Tensor", outputs.last_hidden_state)
        wanted = labels[:, 1:].to(hidden.device)
        chosen = wanted != IGNORE_INDEX
        logits = cast("Tensor", self.lm_head(hidden[:, :-1][chosen]))
        targets = wanted[chosen]
        total = cross_entropy(logits.float(), targets, reduction="sum")
        items = max(1, targets.numel()) if num_items_in_batch is None else num_items_in_batch
        if isinstance(items, Tensor):
            items = items.to(total.device)
        return CausalLMOutputWithPast(loss=total / items, logits=logits)  # pyright: ignore[reportArgumentType]


def answer_loss(model: nn.Module, batch: Mapping[str, Tensor], n_items: Tensor | int) -> Tensor:
    """Return the summed loss of the answers' tokens divided by `n_items`, their number in the whole step."""
    return cast("Tensor", model(**batch, num_items_in_batch=n_items).loss)


def count_items(labels: Tensor) -> Tensor:
    """Return the number of answer tokens as a scalar, to be summed over the micro-batches of a step."""
    return torch.count_nonzero(labels[:, 1:] != IGNORE_INDEX)
