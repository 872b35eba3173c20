"""Metrics of predictions for held-out clips. A label that is a range counts by its middle."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from enunciate.metrics.correlation import pcc_by_aspect, pearson
from enunciate.phones.alignment import edit_distance
from enunciate.pocket.training.labels import ClipLabels
from enunciate.pocket.training.predictions import ClipPrediction
from enunciate.schema import ASPECTS, MISPRONOUNCED_BELOW

Floats = npt.NDArray[np.float64]
Metrics = dict[str, float | None]
MEAN_OF = (*ASPECTS, "phone", "word")
"""The correlations whose mean says in one number how good a model is."""


def middles(low: Sequence[float], high: Sequence[float]) -> Floats:
    """Return the middles of ranges, NaN where they are not known (below 0)."""
    bottom, top = np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)
    return np.where(top >= 0, (bottom + top) / 2, np.nan)


def measure(predictions: Sequence[ClipPrediction], clips: Sequence[ClipLabels]) -> Metrics:
    """Compute the metrics of predictions.

    Args:
        predictions: One for each clip.
        clips: The labels of the same clips.

    Returns:
        PCC of the utterance scores under their names, and without reference with `_without_reference`; of
        phones and words; F1 of mispronunciations at the best threshold, which flatters a little; PER without
        reference against the canonical phones; the largest total, the spread of totals over that of people,
        and correlations of the predicted scores among themselves. None where a value is undefined.
    """
    human = np.stack([middles(clip.low, clip.high) for clip in clips])
    whole = np.stack([one.whole for one in predictions]).astype(np.float64)
    free = np.stack([one.free for one in predictions])
    metrics: Metrics = {**pcc_by_aspect(human, whole)}
    metrics |= {f"{aspect}_without_reference": pcc for aspect, pcc in pcc_by_aspect(human, free).items()}
    metrics |= _phone_metrics(predictions, clips)
    words = np.concatenate([middles(clip.word_low, clip.word_high) for clip in clips])
    metrics["word"] = _known_pearson(words, np.concatenate([one.word for one in predictions]))
    errors = sum(edit_distance(c.classes, one.heard) for one, c in zip(predictions, clips, strict=True))
    metrics["per_without_reference"] = errors / sum(len(clip.classes) for clip in clips)
    metrics["max_total"] = float(whole[:, 3].max())
    given = human[np.isfinite(human[:, 3]), 3]
    spread = float(given.std()) if len(given) else 0.0
    metrics["total_spread"] = float(whole[:, 3].std()) / spread if spread else None
    metrics["fluency_and_prosodic"] = pearson(whole[:, 1], whole[:, 2])
    metrics["accuracy_and_fluency"] = pearson(whole[:, 0], whole[:, 1])
    known = [value for name in MEAN_OF if (value := metrics[name]) is not None]
    metrics["mean"] = float(np.mean(known)) if known else None
    return metrics


def _phone_metrics(predictions: Sequence[ClipPrediction], clips: Sequence[ClipLabels]) -> Metrics:
    human: Floats = np.array([*chain.from_iterable(clip.phone_low for clip in clips)], dtype=np.float64)
    known = human >= 0
    phone = np.concatenate([one.phone for one in predictions])[known]
    wrong = np.concatenate([one.wrong for one in predictions])[known]
    labels = human[known]
    if not len(labels):
        return {"phone": None, "f1": None, "threshold": None}
    f1, threshold = best_f1(wrong, labels < MISPRONOUNCED_BELOW)
    return {"phone": pearson(phone, labels), "f1": f1, "threshold": threshold}


def _known_pearson(human: Floats, predicted: npt.NDArray[np.float32]) -> float | None:
    known = np.isfinite(human)
    return pearson(predicted[known], human[known])


def best_f1(score: npt.NDArray[np.floating], wrong: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return the best F1 over all thresholds of a score, and the threshold.

    Args:
        score: High for a mispronounced phone, `(n,)`, at least one.
        wrong: Whether each phone is mispronounced, `(n,)`.
    """
    order = np.argsort(-score)
    hits = np.cumsum(wrong[order])
    f1 = 2 * hits / (np.arange(1, len(score) + 1) + wrong.sum())
    best = int(f1.argmax())
    return float(f1[best]), float(score[order][best])
