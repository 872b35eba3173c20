"""The loss: cross-entropy of the answer's tokens, with logits computed at their positions only.

The vocabulary may have 200,000 entries and an answer is a small part of its sequence, so logits at every
position would take most of the memory of a training step and contribute nothing. This is done inside a
model's own `forward`, because DDP, FSDP, PEFT and autocast hook into that.

Scores can be learnt from soft targets: a distribution over the tokens of 0 to 10 instead of one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers.utils.generic import ModelOutput

from enunciate.speech_lm.families.speech_model import IGNORE_INDEX

SOFT_PLACES, SOFT_TOKENS, SOFT_TARGETS = "score_places", "score_tokens", "score_targets"
"""Keys of a batch with soft targets: (K,) places among its labels, (11,) tokens, (K, 11) probabilities."""


def answer_loss(
    model: nn.Module, batch: Mapping[str, Any], n_items: Tensor | float, ordinal_weight: float = 0.0
) -> Tensor:
    """Return the summed loss of the answers' tokens divided by `n_items`, their number in the whole step.

    Args:
        model: A `SpeechModel`, however it is wrapped.
        batch: From `training.collator.Collator`.
        n_items: The divisor.
        ordinal_weight: Weight of a loss that grows with the distance between the predicted scores and theirs,
            beside the cross-entropy; only scores with soft targets have it.
    """
    soft = {name: batch[name] for name in (SOFT_PLACES, SOFT_TOKENS, SOFT_TARGETS) if name in batch}
    output = model(**{k: v for k, v in batch.items() if k not in soft}, num_items_in_batch=n_items)
    if not soft:
        return cast("Tensor", output.loss)
    logits = cast("Tensor", output.logits)[soft[SOFT_PLACES]].float()
    kept = cast("Tensor", output.losses).index_fill(0, soft[SOFT_PLACES], 0.0).sum()
    log_probabilities = logits.log_softmax(1)[:, soft[SOFT_TOKENS]]
    targets = soft[SOFT_TARGETS]
    total = kept - (targets * log_probabilities).sum()
    if ordinal_weight:
        # The ranked probability score (Epstein 1969): the squared distance of the cumulative distributions.
        chances = log_probabilities.softmax(1)
        total = total + ordinal_weight * (chances.cumsum(1) - targets.cumsum(1)).square().sum()
    return total / n_items


def count_items(labels: Tensor) -> Tensor:
    """Return the number of answer tokens as a scalar, to be summed over the micro-batches of a step."""
    return torch.count_nonzero(labels[:, 1:] != IGNORE_INDEX)


@dataclass
class AnswerOutput(ModelOutput):
    """The output of a model with labels, for N of them; a mapping as well, which wrappers rely on."""

    loss: Tensor | None = None
    logits: Tensor | None = None
    """(N, V)."""
    losses: Tensor | None = None
    """(N,) cross-entropies of the single tokens."""


def places_after(shared: int, places: Tensor | None, length: int) -> Tensor | None:
    """Return the places of labels in sequences without their first tokens, which have no label.

    Args:
        shared: The number of tokens that are left out of each sequence.
        places: As in `answer_output`.
        length: The number of tokens L of a sequence.
    """
    if places is None:
        return None
    row = places // (length - 1)
    return places - shared * (row + 1)


def answer_output(
    hidden: Tensor,
    labels: Tensor,
    head: Callable[[Tensor], Tensor],
    n_items: Tensor | float | None = None,
    places: Tensor | None = None,
) -> AnswerOutput:
    """Apply the output layer where a label is predicted.

    Args:
        hidden: (B, L, D) hidden states.
        labels: (B, L), `IGNORE_INDEX` outside the answer; not shifted.
        head: The output layer.
        n_items: Divisor of the summed losses; the default is the number of labels in this batch. The number
            of a whole optimiser step makes the loss independent of how the step is split into micro-batches.
        places: (N,) indices of the labels among the B x (L - 1) that could be predicted, in order. Without
            them they are looked for, which waits for the device.
    """
    wanted = labels[:, 1:].flatten().to(hidden.device)
    if places is None:
        places = (wanted != IGNORE_INDEX).nonzero()[:, 0]
    logits = head(hidden[:, :-1].flatten(0, 1)[places])
    targets = wanted[places]
    losses = cross_entropy(logits.float(), targets, reduction="none")
    items = max(1, targets.numel()) if n_items is None else n_items
    if isinstance(items, Tensor):
        items = items.to(losses.device)
    return AnswerOutput(losses.sum() / items, logits, losses)
