"""What the engine needs of a base model: to hear clips, to continue token sequences, and to predict answers.

Decoding, training and measuring know a base only by `SpeechModel`. `Heard` is the one currency between the
part that listens and the part that answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

IGNORE_INDEX = -100
"""Label of positions outside the answer, which the loss ignores (PyTorch's `ignore_index`)."""


@dataclass(frozen=True, eq=False)
class Heard:
    """The encoded audio of C clips."""

    states: Tensor
    """(C, S, D); what follows a clip's own tokens is undefined."""
    n_tokens: Tensor
    """(C,) audio tokens of each clip."""

    def of(self, rows: Tensor | None) -> Heard:
        """Return the audio for rows (B,) of a batch, which are indices of clips; None means one row each."""
        return self if rows is None else Heard(self.states[rows], self.n_tokens[rows])

    @property
    def visible(self) -> Tensor:
        """(C, S), true on the tokens of each clip."""
        return torch.arange(self.states.shape[1], device=self.states.device) < self.n_tokens[:, None]


class DecoderState(Protocol):
    """The keys and values of B sequences, and their audio."""

    def crop(self, n_tokens: int) -> None:
        """Forget the last `n_tokens` positions."""

    def select(self, rows: Tensor) -> None:
        """Keep these rows (B',), in this order; a row may be taken more than once."""

    def branch(self, heard: Heard, rows: Tensor) -> DecoderState:
        """Return the state of sequences about other clips that begin with copies of these rows (B',).

        Only for models that read audio among their tokens, and for rows that have no audio yet.
        """
        ...


class SpeechModel(Protocol):
    """A model of any family; it is a `torch.nn.Module` as well."""

    config: Any
    checkpoint: Path | None
    """Folder from which the weights were loaded; None for random weights."""

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        ...

    @property
    def weight_dtype(self) -> torch.dtype:
        """Precision of the frozen weights."""
        ...

    @property
    def audio_token_id(self) -> int | None:
        """Id of the token that stands for audio; None if audio is not among the tokens."""
        ...

    @property
    def n_vocabulary(self) -> int:
        """Number of logits."""
        ...

    def encode(self, audio: Mapping[str, Tensor]) -> Heard:
        """Encode a batch of clips from `audio_batch.audio_batch`, on the device of the model."""
        ...

    def begin(self, heard: Heard) -> DecoderState:
        """Start B sequences, which are still empty, about B clips."""
        ...

    def advance(self, ids: Tensor, mask: Tensor, positions: Tensor, state: Any) -> Tensor:
        """Append tokens to sequences.

        Args:
            ids: (B, L) new tokens.
            mask: (B, all so far and L), 1 on tokens and 0 on padding.
            positions: (B, L) position ids.
            state: From `begin`; the new tokens are added to it.

        Returns:
            (B, L, D) hidden states.
        """
        ...

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the logits (..., V) of hidden states (..., D)."""
        ...

    def logits_of(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """Return the logits of some tokens (N,) only, (B, N), computed in float32.

        Bfloat16 has a resolution of 1/8 for logits around 20, too coarse for a distribution over scores.
        """
        ...

    def forward(self, **batch: Any) -> Any:
        """With `labels` in the batch, return an output whose `logits` (N, V) are those of the N labels.

        They are in row-major order. The batch is that of `training.data.Collator`. `loss` is their summed
        cross-entropy divided by `num_items_in_batch`, or by N.
        """
        ...


def heard_in(model: Any, batch: Mapping[str, Any]) -> Heard:
    """Return the audio of a batch, which has it encoded already or has its features."""
    if "heard_states" in batch:
        return Heard(batch["heard_states"], batch["heard_tokens"])
    return model.encode(batch)


def float32_logits(hidden: Tensor, weight: Tensor) -> Tensor:
    """Return the products of hidden states (B, D) with rows (N, D) of an output layer in float32."""
    with torch.autocast(hidden.device.type, enabled=False):
        return hidden.float() @ weight.float().T
