"""Recognition of phones from CTC log-probabilities, without use of the reference text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.pocket.forced_alignment import LogProbs
from enunciate.pocket.symbols import BLANK, N_CLASSES
from enunciate.schema import FrozenModel

PhoneModel = npt.NDArray[np.uint8]
"""(40, 40, 40, 40): the negative log-probability of a phone after three others, in units of `STEP`; class 0
stands for the start of the utterance."""
STEP = 0.05
"""The resolution in natural-log units at which each of 2.56 million log-probabilities fits a byte."""

NEVER = -1e30


class BeamOptions(FrozenModel):
    """Options of `beam_search`."""

    width: int = 8
    """The number of prefixes kept after each frame."""
    log_prob_threshold: float = -7.0
    """Classes with a lower log-probability in a frame do not extend a prefix there."""
    model_weight: float = 0.45
    """The weight of the phone model's log-probabilities."""
    insertion_bonus: float = 0.9
    """Added for each phone, to balance the phone model's preference for short results."""


HEARING = BeamOptions()
"""The options of the engine; the scorer without reference is trained on phones found with the same."""


def greedy(log_probs: LogProbs) -> list[int]:
    """Return the most likely class of each frame of (F, 40), repeats merged and blanks dropped."""
    return collapse(log_probs.argmax(axis=1))


def collapse(best: npt.NDArray[np.int64]) -> list[int]:
    """Merge repeats in the best class of each frame, (F,), and drop blanks."""
    changed = np.concatenate(([True], best[1:] != best[:-1]))
    return [int(label) for label in best[changed] if label != BLANK]


def beam_search(log_probs: LogProbs, model: PhoneModel, options: BeamOptions) -> list[int]:
    """Return the most likely phones under CTC and a phone model: a prefix beam search (Graves et al. 2006).

    Each prefix carries the log-probability of ending in blank, of ending in its last phone, and its model
    score.
    """
    beams: dict[tuple[int, ...], tuple[float, float, float]] = {(): (0.0, NEVER, 0.0)}
    for frame in log_probs:
        blank = float(frame[BLANK])
        tried = [int(c) for c in np.flatnonzero(frame > options.log_prob_threshold) if c != BLANK]
        grown: dict[tuple[int, ...], list[float]] = {}
        for prefix, (in_blank, in_phone, score) in beams.items():
            total = _add(in_blank, in_phone)
            _keep(grown, prefix, total + blank, NEVER, score)
            if prefix:
                _keep(grown, prefix, NEVER, in_phone + float(frame[prefix[-1]]), score)
            following = _following(model, prefix)
            for label in tried:
                source = in_blank if prefix and prefix[-1] == label else total
                step = options.model_weight * float(following[label]) + options.insertion_bonus
                _keep(grown, (*prefix, label), NEVER, source + float(frame[label]), score + step)
        ranked = sorted(grown.items(), key=lambda item: -(_add(item[1][0], item[1][1]) + item[1][2]))
        beams = {prefix: (a, b, score) for prefix, (a, b, score) in ranked[: options.width]}
    return list(max(beams, key=lambda prefix: _add(*beams[prefix][:2]) + beams[prefix][2]))


def _keep(
    grown: dict[tuple[int, ...], list[float]], prefix: tuple[int, ...], a: float, b: float, score: float
) -> None:
    entry = grown.setdefault(prefix, [NEVER, NEVER, score])
    entry[0] = _add(entry[0], a)
    entry[1] = _add(entry[1], b)


def _following(model: PhoneModel, prefix: tuple[int, ...]) -> npt.NDArray[np.float32]:
    first, second, third = (0, 0, 0, *prefix)[-3:]
    return model[first, second, third] * np.float32(-STEP)


def _add(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    high, low = (a, b) if a > b else (b, a)
    return high if low < high - 30 else high + float(np.log1p(np.exp(low - high)))


def train_phone_model(sequences: list[list[int]]) -> PhoneModel:
    """Estimate a phone 4-gram model, each order smoothed by the one below it (Witten and Bell 1991)."""
    shape = (N_CLASSES,) * 4
    counts = np.zeros(shape, dtype=np.float64)
    for sequence in sequences:
        padded = [0, 0, 0, *sequence]
        for gram in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
            counts[gram] += 1
    probability = np.full(N_CLASSES, 1.0 / (N_CLASSES - 1))
    for order in range(4):
        here = counts.sum(axis=tuple(range(3 - order)))
        total, kinds = here.sum(axis=-1, keepdims=True), (here > 0).sum(axis=-1, keepdims=True)
        kinds = np.maximum(kinds, 1)
        probability = (here + kinds * probability) / (total + kinds)
    return np.clip(np.round(-np.log(probability) / STEP), 0, 255).astype(np.uint8)


def save_phone_model(model: PhoneModel, path: Path) -> None:
    """Write a phone model to a file."""
    np.savez_compressed(path, model=model)


def load_phone_model(path: Path) -> PhoneModel:
    """Read a phone model from a file."""
    with np.load(path) as arrays:
        return arrays["model"]
