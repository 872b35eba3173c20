"""The scorer's inputs: a vector for each aligned phone and one for the whole utterance.

The phone vector holds goodness of pronunciation in several forms (Witt and Young 2000; Hu et al. 2015 for
log-posterior ratios), the recogniser's quality stream, timing, loudness and pitch; the utterance vector holds
rates, pauses and statistics of the phones. All are plain NumPy, the same code for training and running.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from enunciate.conformer.forced_alignment import Alignment, LogProbs
from enunciate.conformer.pitch import FRAME_S, Prosody
from enunciate.phones.alignment import edit_distance
from enunciate.pocket.ctc import greedy
from enunciate.pocket.symbols import BLANK, N_CLASSES, SILENCE

FLOOR = -12.0
"""Log-probabilities are clipped here; lower ones carry no information."""
PAUSE_S = 0.15
"""The least duration of a silence inside the speech that counts as a pause."""
MISMATCH_PER = 0.8
MISMATCH_FIT = -4.0
"""Something other than the text was said where recognition without reference differs from it by at least this
phone error rate and its phones fit their frames with less than this mean log-probability
(`benchmarks/text_mismatch.py`)."""
N_TIMING = 9
N_PITCH = 5
N_GOP = 8

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Outputs:
    """The encoder's outputs for one clip of F frames (30 ms)."""

    ctc: LogProbs
    """(F, 40) log-probabilities of the CTC head: blank, then the phones."""
    frame: LogProbs
    """(F, 40) log-probabilities of the frame head: silence, then the phones."""
    quality: Array
    """(F, Q) the quality stream."""
    prosody: Prosody


@dataclass(frozen=True)
class ScorerInputs:
    """The inputs for one clip of U phones."""

    classes: npt.NDArray[np.int64]
    """(U,) class of each phone."""
    phone: Array
    """(U, P) goodness, timing, loudness, pitch, posteriors."""
    quality: Array
    """(U, Q) the quality stream, averaged over the phone."""
    utterance: Array
    """(G,) the utterance vector."""


def phone_features(outputs: Outputs, alignment: Alignment) -> ScorerInputs:
    """Return the scorer's inputs for an aligned clip."""
    spans = list(zip(alignment.start.tolist(), alignment.end.tolist(), strict=True))
    posterior = mean_log_posteriors(outputs, alignment)
    gop = _goodness(outputs, alignment, posterior, spans)
    timing = _timing(alignment, len(outputs.frame))
    pitch = _pitch(outputs.prosody, spans)
    phone = np.concatenate((gop, timing, pitch, posterior / 4.0), axis=1).astype(np.float32)
    quality = np.stack([outputs.quality[s:e].mean(axis=0) for s, e in spans]).astype(np.float32)
    return ScorerInputs(alignment.classes, phone, quality, _utterance(outputs, alignment, gop, timing))


def mean_log_posteriors(outputs: Outputs, alignment: Alignment) -> Array:
    """Return (U, 40), the frame head's log-probabilities, floored and averaged over each phone's frames."""
    spans = zip(alignment.start.tolist(), alignment.end.tolist(), strict=True)
    return np.stack([np.maximum(outputs.frame[start:end], FLOOR).mean(axis=0) for start, end in spans])


def mean_fit(outputs: Outputs, alignment: Alignment, chosen: slice | npt.NDArray[np.int64]) -> float:
    """Return the mean log-probability of some phones in their frames; each phone has the same weight."""
    spans = zip(alignment.start[chosen], alignment.end[chosen], alignment.classes[chosen], strict=True)
    return float(
        np.mean([np.maximum(outputs.frame[start:end, label], FLOOR).mean() for start, end, label in spans])
    )


def mismatched(outputs: Outputs, alignment: Alignment) -> bool:
    """Whether something other than the text was said."""
    wrong = edit_distance(alignment.classes.tolist(), greedy(outputs.ctc)) / len(alignment.classes)
    return wrong >= MISMATCH_PER and mean_fit(outputs, alignment, slice(None)) < MISMATCH_FIT


def _goodness(
    outputs: Outputs, alignment: Alignment, posterior: Array, spans: list[tuple[int, int]]
) -> Floats:
    """Return (U, N_GOP): posterior, ratio to the best rival, and the same from CTC with a frame's slack."""
    rows = np.arange(len(spans))
    own = posterior[rows, alignment.classes]
    rivals = posterior.copy()
    rivals[rows, alignment.classes] = -np.inf
    rivals[:, SILENCE] = -np.inf
    columns = [own, own - rivals.max(axis=1), posterior[:, SILENCE]]
    slack = [np.maximum(outputs.ctc[max(0, s - 1) : e + 1], FLOOR) for s, e in spans]
    peaks = np.stack([piece.max(axis=0) for piece in slack])
    ctc_own = peaks[rows, alignment.classes]
    peaks[rows, alignment.classes] = -np.inf
    columns += [ctc_own, ctc_own - peaks[:, BLANK + 1 :].max(axis=1)]
    columns.append(
        np.array([outputs.frame[s:e, c].max() for (s, e), c in zip(spans, alignment.classes, strict=True)])
    )
    columns.append(
        np.array([outputs.frame[s:e, c].min() for (s, e), c in zip(spans, alignment.classes, strict=True)])
    )
    columns.append(-(np.exp(posterior) * posterior).sum(axis=1))
    return np.maximum(np.stack(columns, axis=1), FLOOR) / 4.0


def _timing(alignment: Alignment, n_frames: int) -> Floats:
    """Return (U, N_TIMING): durations, silences around the phone, place in the word and in the utterance."""
    duration = (alignment.end - alignment.start) * FRAME_S
    before = np.diff(alignment.start, prepend=0) * FRAME_S
    before[1:] = (alignment.start[1:] - alignment.end[:-1]) * FRAME_S
    after = np.append(
        (alignment.start[1:] - alignment.end[:-1]) * FRAME_S, (n_frames - alignment.end[-1]) * FRAME_S
    )
    first = np.diff(alignment.word, prepend=-1) != 0
    last = np.diff(alignment.word, append=alignment.word[-1] + 1) != 0
    length = np.bincount(alignment.word, minlength=int(alignment.word.max()) + 1)[alignment.word]
    log_duration = np.log(duration)
    columns = [
        log_duration,
        log_duration - log_duration.mean(),
        np.log1p(10 * before),
        np.log1p(10 * after),
        first.astype(float),
        last.astype(float),
        np.log(length),
        np.linspace(0, 1, len(duration)),
        np.full(len(duration), np.log(len(duration))),
    ]
    return np.stack(columns, axis=1)


def _pitch(prosody: Prosody, spans: list[tuple[int, int]]) -> Floats:
    """Return (U, N_PITCH): level, level change, voicing, pitch against the clip's median, pitch movement."""
    voiced = np.isfinite(prosody.log_f0)
    middle = float(np.median(prosody.log_f0[voiced])) if voiced.any() else 0.0
    pitch = np.where(voiced, prosody.log_f0 - middle, 0.0)
    rows: list[list[float]] = []
    for start, end in spans:
        level, heard = prosody.level_db[start:end] / 20.0, voiced[start:end]
        values = pitch[start:end][heard]
        rows.append(
            [
                float(level.mean()),
                float(level[-1] - level[0]),
                float(heard.mean()),
                float(values.mean()) * 4 if len(values) else 0.0,
                float(values[-1] - values[0]) * 4 if len(values) else 0.0,
            ]
        )
    return np.array(rows)


def _utterance(outputs: Outputs, alignment: Alignment, gop: Floats, timing: Floats) -> Array:
    """Return (G,): rates, pauses, recognition without reference, and statistics of the phones."""
    span_s = (alignment.end[-1] - alignment.start[0]) * FRAME_S
    gaps = (alignment.start[1:] - alignment.end[:-1]) * FRAME_S
    pauses = gaps[gaps >= PAUSE_S]
    spoken_s = max(float(span_s - gaps.sum()), FRAME_S)
    n_phones, n_words = len(alignment.classes), int(alignment.word.max()) + 1
    heard = greedy(outputs.ctc)
    wrong = edit_distance(alignment.classes.tolist(), heard)
    voiced = np.isfinite(outputs.prosody.log_f0)
    pitch = outputs.prosody.log_f0[voiced] if voiced.sum() > 2 else np.zeros(3)
    log_duration = timing[:, 0]
    own = gop[:, 0]
    values = [
        np.log(n_phones / span_s),
        np.log(n_phones / spoken_s),
        np.log(n_words / span_s),
        len(pauses) / n_words,
        pauses.sum() / span_s,
        np.log1p(pauses.max() if len(pauses) else 0.0),
        np.log(span_s),
        wrong / n_phones,
        len(heard) / n_phones,
        alignment.score,
        log_duration.std(),
        *np.quantile(own, [0.05, 0.2, 0.5]),
        own.mean(),
        own.std(),
        (own < -0.5).mean(),
        gop[:, 1].mean(),
        gop[:, 4].mean(),
        (gop[:, 4] < 0).mean(),
        pitch.std(),
        np.quantile(pitch, 0.9) - np.quantile(pitch, 0.1),
        np.median(pitch) / 5,
        outputs.prosody.level_db.std() / 20,
        _uncertainty(outputs.ctc),
    ]
    return np.array(values, dtype=np.float32)


def _uncertainty(ctc: LogProbs) -> float:
    """Return one minus the mean probability of the CTC head's non-blank peaks."""
    best = ctc.max(axis=1)[ctc.argmax(axis=1) != BLANK]
    return 1.0 - float(np.exp(best).mean()) if len(best) else 1.0


N_PHONE_FEATURES = N_GOP + N_TIMING + N_PITCH + N_CLASSES
N_UTTERANCE_FEATURES = 25
