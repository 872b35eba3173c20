"""Batches for the scale model's base, cut out of a bank on the device that trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from enunciate.pocket.fbank import SUBSAMPLING
from enunciate.pocket.symbols import SILENCE
from enunciate.pocket.training.feature_bank import PAUSE, UNKNOWN, Bank, Draw
from enunciate.pocket.training.feature_bank import Batch as Cut
from enunciate.speech_lm.families.phi4.causal_lm import IGNORED
from enunciate.speech_lm.nano.data import Tails
from enunciate.speech_lm.nano.model import CTC_PER_TOKEN, FRAMES_PER_TOKEN, Batch, without_padding
from enunciate.training.tensors import tensor_of

_TAIL_STEP = 16
"""Tokens by which padded tails grow: few shapes, as with frames."""


@dataclass(frozen=True)
class Feed:
    """Clips on a device, with what is to be said of each."""

    bank: Bank
    transcripts: Tails
    """One for each clip of the bank."""
    scores: Tails
    """Random ones, to draw from."""

    def batch(
        self,
        draw: Draw,
        rng: np.random.Generator,
        score_share: float = 0.0,
        change: Callable[[Cut], Tensor] | None = None,
    ) -> Batch:
        """Cut a batch out.

        Args:
            draw: which clips.
            rng: decides which of them are asked for scores.
            score_share: how many of them are.
            change: augments the features; they are taken as they are without.
        """
        cut = self.bank.cut(draw)
        ids, begins = self._tails(draw.clips, rng, score_share)
        labels = ids.copy()
        labels[(np.arange(ids.shape[1]) < begins[:, None]) | (ids < 0)] = IGNORED
        return Batch(
            features=change(cut) if change else without_padding(cut.features, cut.lengths),
            n_frames=cut.lengths,
            tail=self._put(ids.clip(min=0)),
            labels=self._put(labels),
            classes=cut.classes,
            host_places=(cut.host_lengths + FRAMES_PER_TOKEN - 1) // FRAMES_PER_TOKEN * CTC_PER_TOKEN,
            host_counts=cut.host_counts,
            place_classes=_place_classes(cut),
        )

    def each_once(self, batch_frames: int) -> Iterator[Draw]:
        """Batches of like length with every clip at its own tempo, once."""
        order = np.argsort(-self.bank.lengths)
        while len(order):
            frames = int(self.bank.lengths[order[0]])
            size = max(1, batch_frames // frames)
            chosen, order = order[:size], order[size:]
            yield Draw(chosen, np.ones(len(chosen)), frames)

    def _tails(
        self, clips: npt.NDArray[np.int64], rng: np.random.Generator, score_share: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Ids of each clip's tail, and where its answer begins."""
        scored = rng.random(len(clips)) < score_share
        drawn = rng.integers(len(self.scores.ids), size=len(clips))
        lengths = np.where(scored, self.scores.lengths[drawn], self.transcripts.lengths[clips])
        width = -(-int(lengths.max()) // _TAIL_STEP) * _TAIL_STEP
        transcripts, scores = _wide(self.transcripts.ids[clips], width), _wide(self.scores.ids[drawn], width)
        ids = np.where(scored[:, None], scores, transcripts)
        return ids, np.where(scored, self.scores.begins, self.transcripts.begins)

    def _put(self, array: npt.NDArray[Any]) -> Tensor:
        tensor, device = tensor_of(np.ascontiguousarray(array)), self.bank.device
        return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def _place_classes(cut: Cut) -> Tensor:
    """From a phone for each of pocket's frames, of 30 ms, to a class for each place of 20 ms."""
    places = -(-cut.features.shape[1] // FRAMES_PER_TOKEN) * CTC_PER_TOKEN
    middle = (2 * torch.arange(places, device=cut.features.device) + 1) // SUBSAMPLING
    phone = cut.frame_phone[:, middle.clamp(max=cut.frame_phone.shape[1] - 1)]
    said = cut.classes.gather(1, phone.clamp_min(0)).masked_fill(phone == PAUSE, SILENCE)
    return said.masked_fill(phone == UNKNOWN, IGNORED)


def _wide(ids: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int64]:
    missing = width - ids.shape[1]
    return np.pad(ids, ((0, 0), (0, missing)), constant_values=-1) if missing > 0 else ids[:, :width]


def mean_and_spread(bank: Bank) -> tuple[Tensor, Tensor]:
    """Of the features band by band, (80,) each, over a sample of the frames."""
    sample = bank.features[:: max(1, len(bank.features) // 200_000)].float()
    return torch.mean(sample, dim=0), torch.std(sample, dim=0).clamp_min(1e-3)
