"""Batches for the nano base, cut from a feature bank on the training device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import pad

from enunciate.pocket.symbols import SILENCE
from enunciate.speech_lm.families.phi4.audio_frames import FRAMES_PER_TOKEN
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX
from enunciate.speech_lm.nano.augment import without_padding
from enunciate.speech_lm.nano.data import SequenceTails
from enunciate.speech_lm.nano.feature_bank import PAUSE, UNKNOWN, Bank, BatchDraw, FeatureBatch
from enunciate.speech_lm.nano.model import CTC_STEPS_PER_TOKEN, TranscriberBatch

_TAIL_MULTIPLE = 16
"""Tails are padded to a multiple of this length, so that there are few shapes."""


@dataclass(frozen=True)
class TranscriptBatches:
    """Clips on a device, with the answer to each."""

    bank: Bank
    transcripts: SequenceTails
    """One per clip of the bank."""
    scores: SequenceTails
    """Random scores to draw from."""

    def batch(
        self,
        draw: BatchDraw,
        rng: np.random.Generator,
        score_share: float = 0.0,
        augment: Callable[[FeatureBatch], Tensor] | None = None,
    ) -> TranscriberBatch:
        """Cut a batch from the bank.

        Args:
            draw: The clips, and their tempo.
            rng: Draws the clips that are asked for scores.
            score_share: Share of the clips that are asked for scores.
            augment: Augments the features; without it they stay unchanged.
        """
        cut = self.bank.cut(draw)
        ids, answer_start = self._tails(draw.clips, rng, score_share)
        labels = ids.copy()
        labels[(np.arange(ids.shape[1]) < answer_start[:, None]) | (ids < 0)] = IGNORE_INDEX
        n_tokens = (cut.host_lengths + FRAMES_PER_TOKEN - 1) // FRAMES_PER_TOKEN
        return TranscriberBatch(
            features=augment(cut) if augment else without_padding(cut.features, cut.lengths),
            n_frames=cut.lengths,
            tail=self._put(ids.clip(min=0)),
            labels=self._put(labels),
            classes=cut.classes,
            host_ctc_lengths=n_tokens * CTC_STEPS_PER_TOKEN,
            host_phone_counts=cut.host_counts,
            step_classes=_step_classes(cut),
        )

    def each_once(self, batch_frames: int) -> Iterator[BatchDraw]:
        """Yield draws of similar length that contain every clip once, at its own tempo."""
        order = np.argsort(-self.bank.lengths)
        while len(order):
            frames = int(self.bank.lengths[order[0]])
            size = max(1, batch_frames // frames)
            chosen, order = order[:size], order[size:]
            yield BatchDraw(chosen, np.ones(len(chosen)), frames)

    def _tails(
        self, clips: npt.NDArray[np.int64], rng: np.random.Generator, score_share: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the ids of each clip's tail, and the index at which its answer starts."""
        scored = rng.random(len(clips)) < score_share
        drawn = rng.integers(len(self.scores.ids), size=len(clips))
        lengths = np.where(scored, self.scores.lengths[drawn], self.transcripts.lengths[clips])
        width = -(-int(lengths.max()) // _TAIL_MULTIPLE) * _TAIL_MULTIPLE
        transcripts, scores = (
            _pad_to(self.transcripts.ids[clips], width),
            _pad_to(self.scores.ids[drawn], width),
        )
        ids = np.where(scored[:, None], scores, transcripts)
        return ids, np.where(scored, self.scores.answer_start, self.transcripts.answer_start)

    def _put(self, array: npt.NDArray[Any]) -> Tensor:
        tensor, device = torch.from_numpy(np.ascontiguousarray(array)), self.bank.device
        return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def _step_classes(cut: FeatureBatch) -> Tensor:
    """Return the class said at each CTC step (20 ms) of the audio tokens, (B, F)."""
    n_steps = -(-cut.features.shape[1] // FRAMES_PER_TOKEN) * CTC_STEPS_PER_TOKEN
    phone = pad(cut.step_phone, (0, n_steps - cut.step_phone.shape[1]), value=UNKNOWN)
    said = cut.classes.gather(1, phone.clamp_min(0)).masked_fill(phone == PAUSE, SILENCE)
    return said.masked_fill(phone == UNKNOWN, IGNORE_INDEX)


def _pad_to(ids: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int64]:
    missing = width - ids.shape[1]
    return np.pad(ids, ((0, 0), (0, missing)), constant_values=-1) if missing > 0 else ids[:, :width]


def mean_and_deviation(bank: Bank) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of the features per band, (80,) each, over a sample of frames."""
    sample = bank.features[:: max(1, len(bank.features) // 200_000)].float()
    return torch.mean(sample, dim=0), torch.std(sample, dim=0).clamp_min(1e-3)
