"""A batch of prompts that grow token by token, with a cache of keys and values.

Prompts are padded on the left, so that all of them end at the same position; tokens that are fed later may be
left-padded too. Padding is masked and takes no position id, so a prompt is continued in the same way alone
and in any batch.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from peft import PeftModel
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from enunciate.speech_lm.families.speech_model import Heard, SpeechModel


def base_of(model: nn.Module | PeftModel) -> SpeechModel:
    """Return the model inside PEFT's wrapper; its layers contain the adapter, if there is one."""
    return cast(Any, model).get_base_model() if isinstance(model, PeftModel) else cast(Any, model)


class Continuation:
    """A batch of sequences in the decoder, which tokens are appended to."""

    def __init__(self, model: SpeechModel, pad_token_id: int, heard: Heard) -> None:
        """Start with empty sequences, one for each clip that was heard."""
        self._model = model
        self._pad_token_id = pad_token_id
        self._state = model.begin(heard)
        self._hidden: Tensor | None = None
        self.device: torch.device = model.device
        self._mask: Tensor | None = None

    def feed(self, rows: Sequence[Sequence[int]]) -> None:
        """Append tokens, possibly none, to each sequence; audio placeholders come in the first call only."""
        ids = self._padded(rows, self._pad_token_id)
        there = self._padded([[1] * len(row) for row in rows], 0)
        before = 0 if self._mask is None else self._mask.sum(dim=1, keepdim=True)
        positions = (before + there.cumsum(dim=1) - 1).clamp(min=0)
        self._mask = there if self._mask is None else torch.cat([self._mask, there], dim=1)
        self._hidden = self._model.advance(ids, self._mask, positions, self._state)

    def append(self, tokens: Tensor) -> None:
        """Append one token to each sequence, (B,) on the device; nothing waits for the device."""
        assert self._mask is not None
        positions = self._mask.sum(dim=1, keepdim=True)
        self._mask = torch.cat([self._mask, torch.ones_like(positions)], dim=1)
        self._hidden = self._model.advance(tokens[:, None], self._mask, positions, self._state)

    def truncate(self, n_tokens: int) -> None:
        """Remove the last `n_tokens` positions; there are no logits until something is fed again."""
        self._state.crop(n_tokens)
        assert self._mask is not None
        self._mask = self._mask[:, :-n_tokens]
        self._hidden = None

    def select(self, rows: Sequence[int]) -> None:
        """Keep these sequences, in this order; one may be taken more than once."""
        chosen = torch.tensor(rows, device=self.device)
        self._state.select(chosen)
        assert self._mask is not None
        self._mask = self._mask[chosen]
        self._hidden = None if self._hidden is None else self._hidden[chosen]

    def branch(self, heard: Heard, rows: Sequence[int], purpose: str) -> Continuation:
        """Return sequences about other clips, each of which begins with a copy of one of these.

        Args:
            heard: The clips.
            rows: For each of them, which of these sequences it begins with; they stay as they are.
            purpose: As in `StaticContinuation`.
        """
        assert self._mask is not None
        chosen = torch.tensor(rows, device=self.device)
        other = copy.copy(self)
        other._state = self._state.branch(heard, chosen)
        other._mask, other._hidden = self._mask[chosen], None
        return other

    def logits(self) -> Tensor:
        """Return the logits of the next token, float32 of shape (B, V).

        Autocast is off, because bfloat16 would make near logits equal.
        """
        assert self._hidden is not None
        with torch.autocast(self.device.type, enabled=False):
            return self._model.logits(self._hidden[:, -1].to(self._model.weight_dtype)).float()

    def logits_of(self, tokens: Sequence[int], before_last: int = 0) -> Tensor:
        """Return the logits of some tokens only, float32 of shape (B, tokens).

        Args:
            tokens: The tokens.
            before_last: How many tokens before the end of what was fed last; 0 is the next token.
        """
        assert self._hidden is not None
        hidden = self._hidden[:, -1 - before_last]
        return self._model.logits_of(hidden, torch.tensor(tokens, device=self.device))

    def logit_values(self, tokens: Sequence[int], before_last: int = 0) -> npt.NDArray[np.float64]:
        """Return the same as an array."""
        return self.logits_of(tokens, before_last).double().cpu().numpy()

    def _padded(self, rows: Sequence[Sequence[int]], value: int) -> Tensor:
        if len({len(row) for row in rows}) == 1:
            padded = torch.from_numpy(np.array(rows, dtype=np.int64))
        else:
            tensors = [torch.tensor(row, dtype=torch.long) for row in rows]
            padded = pad_sequence(tensors, batch_first=True, padding_value=value, padding_side="left")
        return padded.to(self.device, non_blocking=True)
