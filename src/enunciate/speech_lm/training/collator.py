"""Collation of training examples to a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from enunciate.speech_lm.answer_loss import SOFT_PLACES, SOFT_TARGETS, SOFT_TOKENS
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.training.clip_audio import ClipAudio, TrainingAudio
from enunciate.speech_lm.training.data import AdapterExample, score_slots
from enunciate.speech_lm.training.shared_instruction import shared_tokens


class Collator:
    """Collates examples to a batch.

    For B examples of C clips, with L tokens in the longest sequence:

        input_ids       (B, L)      int64, padded on the right
        attention_mask  (B, L)      int64, 1 on tokens, 0 on padding
        labels          (B, L)      int64, the answer and its end token; -100 elsewhere
        answer_places   (N,)        int64, places of the labels among the B x (L - 1) after each row's first
        clip_of_row     (B,)        int64, index of each example's clip; left out if every clip has one
        score_places    (K,)        int64, places of scores with soft targets among the labels, row by row
        score_tokens    (11,)       int64, the tokens of 0 to 10
        score_targets   (K, 11)     float32

    the number `shared_tokens` of the tokens that all examples begin with, if these are to be computed once,
    and the audio of the C clips (`clip_audio`). Labels are placed by the lengths of prompt and answer, never
    by the padding id: that is also an end token.
    """

    def __init__(self, processor: Processor, audio: TrainingAudio | None = None, pad_to: int = 1) -> None:
        """Collate with a processor, and audio from `audio` or, by default, features computed for each batch.

        Sequences are padded to a multiple of `pad_to` tokens.
        """
        self.processor, self.pad_to = processor, pad_to
        self.audio = audio or ClipAudio(processor)
        self._score_tokens: list[int] | None = None

    def __call__(self, examples: Sequence[AdapterExample]) -> dict[str, Any]:
        """Return the batch, in the order of the examples.

        Raises:
            AudioError: A clip can no longer be read.
        """
        clips = list(dict.fromkeys(example.recording for example in examples))
        batch = self.audio.batch(clips)
        device = next(iter(batch.values())).device
        rows = {"attention_mask": self._padded([[1] * e.length for e in examples], 0)}
        rows["input_ids"] = self._padded(
            [e.prompt_ids + e.answer_inputs for e in examples], self.processor.pad_token_id
        )
        rows["labels"] = self._padded(
            [[IGNORE_INDEX] * len(e.prompt_ids) + e.answer_ids for e in examples], IGNORE_INDEX
        )
        width = rows["labels"].shape[1] - 1
        rows["answer_places"] = torch.cat(
            [
                torch.arange(len(e.prompt_ids) - 1, e.length - 1) + row * width
                for row, e in enumerate(examples)
            ]
        )
        if len(clips) < len(examples):
            place = {clip: index for index, clip in enumerate(clips)}
            rows["clip_of_row"] = torch.tensor([place[e.recording] for e in examples])
        rows |= self._soft_scores(examples)
        if device.type == "cuda":
            rows = {name: value.pin_memory() for name, value in rows.items()}
        shared = shared_tokens(examples)  # a number, so that nothing waits for the device
        given: dict[str, Any] = {"shared_tokens": shared} if shared else {}
        return {name: value.to(device, non_blocking=True) for name, value in rows.items()} | batch | given

    def _soft_scores(self, examples: Sequence[AdapterExample]) -> dict[str, Tensor]:
        places: list[int] = []
        targets: list[tuple[float, ...]] = []
        before = 0
        for example in examples:
            if example.score_targets is not None:
                places += [before + place for place in example.score_places]
                targets += example.score_targets
            before += len(example.answer_ids)
        if not places:
            return {}
        if self._score_tokens is None:
            self._score_tokens = [value[0] for value in score_slots(self.processor)[0].values]
        return {
            SOFT_PLACES: torch.tensor(places),
            SOFT_TOKENS: torch.tensor(self._score_tokens),
            SOFT_TARGETS: torch.tensor(targets),
        }

    def _padded(self, rows: Sequence[Sequence[int]], value: int) -> Tensor:
        padded = pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=value)
        return pad(padded, (0, -padded.shape[1] % self.pad_to), value=value)
