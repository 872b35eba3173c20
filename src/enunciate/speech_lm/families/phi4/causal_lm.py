"""The loss: cross-entropy of the answer's tokens, with the vocabulary applied at their positions alone.

The vocabulary has 200,064 entries and an answer is a small part of its sequence, so logits at every position
would be most of the memory of a training step and none of its result. This is done inside the model's
own `forward`, because DDP, FSDP, PEFT and autocast hook into that.
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

IGNORED = -100
"""The label of positions that are not part of the answer."""


class Phi4MultimodalForCausalLM(native.Phi4MultimodalForCausalLM):
    """The model with a loss over the answer; the name stays, because `save_pretrained` writes it down."""

    checkpoint: Path | None = None
    """The folder that the weights were loaded from, if they were."""

    def forward(
        self,
        input_ids: Tensor | None = None,
        *args: Any,
        labels: Tensor | None = None,
        num_items_in_batch: Tensor | int | None = None,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """As in transformers; with labels, logits are those that predict a label, (N, V), in row-major order.

        Args:
            input_ids: (B, L).
            args: further arguments of transformers' `forward`.
            labels: (B, L), `IGNORED` outside the answer; not shifted.
            num_items_in_batch: what the sum of the losses is divided by; the number of labels here if
                it is not given. Of a whole optimiser step it makes the loss independent of how the step
                is split into micro-batches.
            kwargs: further arguments of transformers' `forward`.
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
        chosen = wanted != IGNORED
        logits = cast("Tensor", self.lm_head(hidden[:, :-1][chosen]))
        targets = wanted[chosen]
        total = cross_entropy(logits.float(), targets, reduction="sum")
        items = max(1, targets.numel()) if num_items_in_batch is None else num_items_in_batch
        if isinstance(items, Tensor):
            items = items.to(total.device)
        return CausalLMOutputWithPast(loss=total / items, logits=logits)  # pyright: ignore[reportArgumentType]


def answer_logits(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Logits (N, V) at the positions that predict the answer, and the N tokens of the answer.

    Args:
        model: the model, or what PEFT, DDP or FSDP wrapped it in.
        batch: what the collator makes, with `labels`.
    """
    logits = cast("Tensor", model(**batch).logits)
    wanted = batch["labels"][:, 1:]
    return logits, wanted[wanted != IGNORED].to(logits.device)


def answer_loss(model: nn.Module, batch: Mapping[str, Tensor], n_items: Tensor | int) -> Tensor:
    """Sum of the losses of the answer's tokens divided by `n_items` (of all micro-batches of the step)."""
    return cast("Tensor", model(**batch, num_items_in_batch=n_items).loss)


def count_items(labels: Tensor) -> Tensor:
    """How many tokens of answers there are, a scalar; to be summed over the micro-batches of a step."""
    return torch.count_nonzero(labels[:, 1:] != IGNORED)
