"""The same speech in other surroundings: each score may move only where its name says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

import numpy as np

from enunciate import Assessment
from robustness_cases import transforms
from robustness_cases.bench import Bench, Reading, Row, is_doubted, mean_changes, reading_of, scores_of
from robustness_cases.transforms import Samples

Change = Callable[[Samples], Samples]
_SNRS_DB = (20, 10, 0)
_GAP_S = 4.0
_PARTS, _BETWEEN_S = 5, 0.4


def surroundings(bench: Bench) -> Iterator[Row]:
    """Silence at the edges, level, codec, room and noise."""
    rng = bench.rng()
    readings = bench.good_readings()
    babble = _babble([reading.samples for reading in readings])
    changes: dict[str, Change] = {
        "1 s of silence before and after": lambda x: transforms.with_edges(x, 1.0),
        "3 s of silence before and after": lambda x: transforms.with_edges(x, 3.0),
        "20 dB quieter": lambda x: transforms.gain(x, -20),
        "telephone (8 kHz)": transforms.telephone,
        "MP3 of low quality": transforms.mp3,
        "room (0.5 s)": lambda x: transforms.room(x, rng),
    }
    for snr_db in _SNRS_DB:
        changes[f"white noise, {snr_db} dB"] = lambda x, snr=snr_db: transforms.add(
            x, transforms.noise(len(x), "white", rng), snr
        )
        changes[f"babble, {snr_db} dB"] = lambda x, snr=snr_db: transforms.add(x, babble, snr)
    yield from _rows(bench, readings, changes, before=None)


def manner(bench: Bench) -> Iterator[Row]:
    """Tempo and pitch, against the same clip resynthesised without a change."""
    readings = bench.good_readings()
    changes: dict[str, Change] = {
        f"{speed} times as fast": lambda x, s=speed: transforms.resynthesised(x, speed=s)
        for speed in (0.7, 1.3, 1.6, 2.0)
    }
    changes["pitch flattened"] = lambda x: transforms.resynthesised(x, flat_pitch=True)
    yield from _rows(bench, readings, changes, before=transforms.resynthesised)


def gaps(bench: Bench) -> Iterator[Row]:
    """A long silence between two words in the middle."""
    pairs: list[tuple[dict[str, float], dict[str, float]]] = []
    for reading in bench.good_readings():
        before = bench.assess(reading.name, reading.samples, reading.text)
        if isinstance(before, Assessment) and (at_s := _middle_boundary(before)) is not None:
            changed = transforms.with_gap(reading.samples, at_s, _GAP_S)
            pairs.append((scores_of(before), scores_of(bench.assess(reading.name, changed, reading.text))))
    yield Row(f"{_GAP_S:.0f} s of silence in the middle", len(pairs), mean_changes(pairs))


def joined_readings(bench: Bench) -> Iterator[Row]:
    """Five clips of a speaker, one after the other: bias and PCC against the mean of their human scores."""
    human, predicted = _joined(bench)
    for aspect in ("accuracy", "fluency", "prosodic", "total"):
        said = np.array([row.get(aspect, np.nan) for row in predicted])
        wanted = np.array([row[aspect] for row in human])
        kept = np.isfinite(said)
        if kept.sum() > 2:
            pcc = float(np.corrcoef(said[kept], wanted[kept])[0, 1])
            bias = float((said - wanted)[kept].mean())
            yield Row(f"joined readings, {aspect}", int(kept.sum()), {"bias": bias, "PCC": pcc})


def _joined(bench: Bench) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    by_speaker: dict[str, list[Reading]] = {}
    for utterance in bench.corpus:
        if utterance.scores and utterance.scores.total is not None:
            by_speaker.setdefault(utterance.speaker or "", []).append(reading_of(utterance))
    rng = bench.rng()
    human: list[dict[str, float]] = []
    predicted: list[dict[str, float]] = []
    speakers = sorted(by_speaker)
    for index in range(4 * bench.n):
        clips = by_speaker[speakers[index % len(speakers)]]
        parts = [clips[k] for k in rng.permutation(len(clips))[:_PARTS]]
        pieces = [piece for part in parts for piece in (part.samples, transforms.silence(_BETWEEN_S))][:-1]
        text = " ".join(part.text.strip().capitalize().rstrip(".") + "." for part in parts)
        result = bench.assess(f"joined {index}", np.concatenate(pieces), text)
        human.append({a: float(np.mean([part.scores[a] for part in parts])) for a in parts[0].scores})
        predicted.append(scores_of(result))
    return human, predicted


def _rows(
    bench: Bench, readings: list[Reading], changes: dict[str, Change], before: Change | None
) -> Iterator[Row]:
    originals = [before(reading.samples) if before else reading.samples for reading in readings]
    first = [
        scores_of(bench.assess(r.name, samples, r.text))
        for r, samples in zip(readings, originals, strict=True)
    ]
    for name, change in changes.items():
        results = [bench.assess(r.name, change(r.samples), r.text) for r in readings]
        values = mean_changes([(b, scores_of(result)) for b, result in zip(first, results, strict=True)])
        warned = float(np.mean([is_doubted(result) for result in results]))
        yield Row(name, len(results), values | {"warned": warned})


def _babble(clips: list[Samples]) -> Samples:
    longest = max(map(len, clips))
    return np.sum([np.resize(clip, longest) for clip in clips[:6]], axis=0).astype(np.float32)


def _middle_boundary(result: Assessment) -> float | None:
    ends = [word.end_s for word in result.words[:-1] if word.end_s is not None]
    return median(ends) if len(ends) % 2 else (sorted(ends)[len(ends) // 2] if ends else None)
