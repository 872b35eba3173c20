"""The same speech in other surroundings and at another pace: a score moves only where its name says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import fmean

import numpy as np

from enunciate import Assessment
from robustness_cases import transforms
from robustness_cases.bench import Bench, Reading, Result, Row, is_warned_of, mean_changes, scores_of
from robustness_cases.transforms import Samples

Change = Callable[[Samples], Samples]
_SNRS_DB = (20, 10, 0)
_SPEEDS = (0.7, 1.3, 1.6, 2.0)
_GAP_S = 4.0
_SAME = "no change"


def surroundings(bench: Bench) -> Iterator[Row]:
    """Silence at the edges, level, codec, room and noise."""
    rng = bench.rng()
    readings = bench.good_readings()
    babble = _babble([reading.samples for reading in readings])
    changes: dict[str, Change] = {
        "1 s of silence before and after": lambda x: transforms.with_edges(x, 1.0),
        "3 s of silence before and after": lambda x: transforms.with_edges(x, 3.0),
        "30 dB quieter": lambda x: transforms.gain(x, -30),
        "6 dB above full scale, clipped": lambda x: transforms.clipped(x, 6),
        "telephone (8 kHz)": transforms.telephone,
        "MP3 of low quality": transforms.mp3,
        "Opus of low quality": transforms.opus,
        "room (0.5 s)": lambda x: transforms.room(x, rng),
    }
    yield from _rows(bench, readings, changes, wanted=_SAME)
    noisy: dict[str, Change] = {}
    for snr_db in _SNRS_DB:
        noisy[f"white noise, {snr_db} dB"] = lambda x, snr=snr_db: transforms.add(
            x, transforms.noise(len(x), "white", rng), snr
        )
        noisy[f"babble, {snr_db} dB"] = lambda x, snr=snr_db: transforms.add(x, babble, snr)
    yield from _rows(bench, readings, noisy, wanted="no change, or a warning")


def manner(bench: Bench) -> Iterator[Row]:
    """Tempo and pitch, against the same clip resynthesised without a change."""
    readings = bench.good_readings()
    speeds: dict[str, Change] = {
        f"{speed} times as fast": lambda x, s=speed: transforms.resynthesised(x, speed=s) for speed in _SPEEDS
    }
    before = transforms.resynthesised
    yield from _rows(bench, readings, speeds, wanted="accuracy: no change", before=before)
    flat: dict[str, Change] = {"pitch flattened": lambda x: transforms.resynthesised(x, flat_pitch=True)}
    yield from _rows(bench, readings, flat, wanted="prosodic lower; accuracy: no change", before=before)


def gaps(bench: Bench) -> Iterator[Row]:
    """A long silence between two words in the middle, where the engine says when words were said."""
    before: list[Result] = []
    after: list[Result] = []
    for reading in bench.good_readings():
        result = bench.assess(reading.name, reading.samples, reading.text)
        if isinstance(result, Assessment) and (at_s := _middle_boundary(result)) is not None:
            changed = transforms.with_gap(reading.samples, at_s, _GAP_S)
            before.append(result)
            after.append(bench.assess(reading.name, changed, reading.text))
    yield Row(
        f"{_GAP_S:.0f} s of silence in the middle",
        len(before),
        mean_changes(before, after) if before else {},
        wanted="fluency lower; accuracy: no change",
    )


def _rows(
    bench: Bench,
    readings: list[Reading],
    changes: dict[str, Change],
    wanted: str,
    before: Change | None = None,
) -> Iterator[Row]:
    originals = [before(reading.samples) if before else reading.samples for reading in readings]
    first = [bench.assess(r.name, samples, r.text) for r, samples in zip(readings, originals, strict=True)]
    scored = [index for index, result in enumerate(first) if scores_of(result)]
    readings, first = [readings[i] for i in scored], [first[i] for i in scored]
    for name, change in changes.items():
        results = [bench.assess(r.name, change(r.samples), r.text) for r in readings]
        warned = fmean(map(is_warned_of, results)) if results else 0.0
        yield Row(name, len(results), mean_changes(first, results) | {"warned of": warned}, wanted)


def _babble(clips: list[Samples]) -> Samples:
    longest = max(map(len, clips))
    return np.sum([np.resize(clip, longest) for clip in clips[:6]], axis=0).astype(np.float32)


def _middle_boundary(result: Assessment) -> float | None:
    """The end of the word in the middle; None where there are no times, or fewer than two words."""
    ends = sorted(word.end_s for word in result.words[:-1] if word.end_s is not None)
    return ends[len(ends) // 2] if ends else None
