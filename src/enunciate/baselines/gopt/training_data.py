"""The examples and batches from which the transformers of `gopt` learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from enunciate.baselines.gopt.features import GopVectors
from enunciate.baselines.gopt.model import N_WORD_SCORES, GoptEnsemble
from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.training.padding import padded


@dataclass(frozen=True)
class GoptExample:
    """A clip of U phones for one transformer, with labels from 0 to 2."""

    vectors: GopVectors
    phone: npt.NDArray[np.float32]
    """(U,) scores of the phones, -1 where unknown."""
    word: npt.NDArray[np.float32]
    """(U, 3) scores of each phone's word, -1 where unknown."""
    scores: npt.NDArray[np.float32]
    """(4,) scores of the utterance, -1 where unknown."""

    @classmethod
    def with_reference(cls, clip: LabelledClip[GopVectors]) -> GoptExample:
        """Return the canonical phones of a clip with all labels."""
        word = _to_phone_scale(clip.word_scores)[clip.word]
        return cls(clip.with_reference, clip.phone_scores, word, _to_phone_scale(clip.scores))

    @classmethod
    def without_reference(cls, clip: LabelledClip[GopVectors]) -> GoptExample:
        """Return the heard phones of a clip, which have neither scores nor words."""
        n_phones = len(clip.without_reference.classes)
        unknown = -np.ones((n_phones, N_WORD_SCORES), dtype=np.float32)
        return cls(clip.without_reference, unknown[:, 0], unknown, _to_phone_scale(clip.scores))


def _to_phone_scale(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Convert scores from 0 to 10 or NaN into scores from 0 to 2 or -1."""
    return np.nan_to_num(scores / 5, nan=-1.0).astype(np.float32)


@dataclass(frozen=True)
class GoptBatch:
    """Padded tensors of B examples; unknown labels are -1, as in `GoptExample`."""

    classes: Tensor
    """(B, U) canonical classes, 0 in the padding."""
    gop: Tensor
    """(B, U, N_GOP) standardised."""
    phone: Tensor
    """(B, U)"""
    word: Tensor
    """(B, U, 3)"""
    scores: Tensor
    """(B, 4)"""

    def take(self, rows: Tensor) -> GoptBatch:
        """Return some rows, cut to the longest of them."""
        most = int((self.classes[rows] > 0).sum(dim=1).max())
        parts = (self.classes, self.gop, self.phone, self.word)
        classes, gop, phone, word = (part[rows, :most] for part in parts)
        return GoptBatch(classes, gop, phone, word, self.scores[rows])


def collate(examples: Sequence[GoptExample], ensemble: GoptEnsemble) -> GoptBatch:
    """Pad examples into tensors, with standardised inputs."""
    return GoptBatch(
        padded([one.vectors.classes for one in examples]),
        ensemble.standardise(padded([one.vectors.gop for one in examples])),
        padded([one.phone for one in examples], -1.0),
        padded([one.word for one in examples], -1.0),
        torch.from_numpy(np.stack([one.scores for one in examples])),
    )
