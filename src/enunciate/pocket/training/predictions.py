"""Predictions of a model in training for clips of a bank, and the file that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from enunciate.pocket.ctc import collapse
from enunciate.pocket.training.batch_alignment import BatchAlignment, align_batch
from enunciate.pocket.training.batch_plan import whole_rows
from enunciate.pocket.training.encoder import Encoded
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.scorer import mean_scores
from enunciate.pocket.training.scorer_inputs import PhraseBatch
from enunciate.pocket.training.waveform_bank import Batch, WaveformBank

Floats = npt.NDArray[np.float32]
BUDGET = 60_000
"""Frames of 10 ms in a batch."""
_PER_PHONE = ("phone", "wrong", "start", "end")
_PER_CLIP = ("whole", "free")


@dataclass(frozen=True)
class ClipPrediction:
    """What a model says of one clip of U phones and W words."""

    id: str
    phone: Floats
    """`(U,)` 0 to 2."""
    wrong: Floats
    """`(U,)` the probability of a mispronunciation."""
    word: Floats
    """`(W,)` 0 to 10."""
    whole: Floats
    """`(4,)` 0 to 10, in the order of `ASPECTS`."""
    free: Floats
    """`(4,)` the same without reference."""
    heard: tuple[int, ...]
    """The classes that greedy CTC decoding finds."""
    start: Floats
    """`(U,)` frames of 20 ms."""
    end: Floats


@dataclass(frozen=True)
class ClipTimes:
    """The alignment of one clip: times of U phones in frames of 20 ms, and the mean log-score per frame."""

    start: Floats
    end: Floats
    fit: float


@torch.no_grad()
def align_clips(
    model: PocketModel, bank: WaveformBank, clips: Sequence[int], budget: int = BUDGET
) -> list[ClipTimes]:
    """Align clips with their canonical phones, in the order given. The model is left in evaluation mode."""
    model.eval()
    aligned: dict[int, ClipTimes] = {}
    for rows in whole_rows(bank, clips, budget) if clips else []:
        batch = bank.cut(rows)
        start, end, fit = (_numpy(t) for t in _align(batch, model.hear(batch, None)))
        for p, clip in enumerate(batch.clips):
            n = len(bank.labels[clip].classes)
            aligned[clip] = ClipTimes(start[p, :n], end[p, :n], float(fit[p]))
    return [aligned[clip] for clip in clips]


@torch.no_grad()
def predict_clips(
    model: PocketModel, bank: WaveformBank, clips: Sequence[int], budget: int = BUDGET
) -> list[ClipPrediction]:
    """Hear, align and score clips as they are, in the order given. The model is left in evaluation mode."""
    model.eval()
    predicted: dict[int, ClipPrediction] = {}
    for rows in whole_rows(bank, clips, budget) if clips else []:
        batch = bank.cut(rows)
        predicted |= dict(zip(batch.clips, _predict_batch(model, bank, batch), strict=True))
    return [predicted[clip] for clip in clips]


def _align(batch: Batch, encoded: Encoded) -> BatchAlignment:
    phrase = batch.phrase
    counts = phrase.real.sum(1).long()
    return align_batch(encoded.frame, (batch.frames + 1) // 2, phrase.classes, counts, phrase.word)


def _predict_batch(model: PocketModel, bank: WaveformBank, batch: Batch) -> list[ClipPrediction]:
    encoded = model.hear(batch, None)
    start, end, _ = _align(batch, encoded)
    given = batch.phrase
    phrase = PhraseBatch(given.classes, given.stress, given.word, start.float(), end.float())
    aligned = replace(batch, phrase=phrase)
    heard = model.phrases(aligned, encoded, batch.tone)
    scores = mean_scores(model.scorers(heard, phrase, batch.n_words))
    inside = model.inside(aligned, encoded.ctc.shape[1])
    phone, wrong = _numpy(scores.phone * 2), _numpy(scores.wrong.sigmoid())
    word, whole = _numpy(scores.word * 10), _numpy(scores.whole * 10)
    free: Floats = _numpy(model.free(heard, inside) * 10)
    best = encoded.ctc.argmax(2).cpu().numpy()
    n_frames = _numpy((batch.frames + 1) // 2).astype(int)
    first, last = _numpy(start), _numpy(end)
    predictions: list[ClipPrediction] = []
    for p, clip in enumerate(batch.clips):
        labels = bank.labels[clip]
        n = len(labels.classes)
        predictions.append(
            ClipPrediction(
                id=labels.id,
                phone=phone[p, :n],
                wrong=wrong[p, :n],
                word=word[p, : labels.n_words],
                whole=whole[p],
                free=free[p],
                heard=tuple(collapse(best[p, : n_frames[p]])),
                start=first[p, :n],
                end=last[p, :n],
            )
        )
    return predictions


def _numpy(tensor: Tensor) -> Floats:
    return tensor.float().cpu().numpy()


def save_predictions(predictions: Sequence[ClipPrediction], path: Path) -> None:
    """Write predictions of at least one clip as a `.npz` file of flat arrays."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(one, name) for one in predictions]).astype(np.float32)
        for name in (*_PER_PHONE, "word")
    }
    arrays |= {
        name: np.stack([getattr(one, name) for one in predictions]).astype(np.float32) for name in _PER_CLIP
    }
    np.savez_compressed(
        path,
        ids=np.array([one.id for one in predictions]),
        counts=np.array([len(one.phone) for one in predictions]),
        words=np.array([len(one.word) for one in predictions]),
        heard=np.array([" ".join(map(str, one.heard)) for one in predictions]),
        **arrays,
    )


def load_predictions(path: Path) -> list[ClipPrediction]:
    """Read what `save_predictions` wrote."""
    with np.load(path) as arrays:
        stored: dict[str, npt.NDArray[Any]] = {name: arrays[name] for name in arrays.files}
    columns: dict[str, list[Any]] = {
        name: np.split(stored[name], np.cumsum(stored["counts"])[:-1]) for name in _PER_PHONE
    }
    columns["word"] = np.split(stored["word"], np.cumsum(stored["words"])[:-1])
    columns |= {name: list(stored[name]) for name in _PER_CLIP}
    columns["id"] = stored["ids"].tolist()
    columns["heard"] = [tuple(map(int, text.split())) for text in stored["heard"].tolist()]
    rows = zip(*columns.values(), strict=True)
    return [ClipPrediction(**dict(zip(columns, row, strict=True))) for row in rows]
