"""Whether flags, diagnoses and pauses are plausible on clips of learners, and how alike the scores are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from statistics import median

import numpy as np

from enunciate import Assessment
from enunciate.phones import is_vowel, strip_stress
from enunciate.schema import ASPECTS, PhoneResult
from robustness_cases.bench import Bench, Reading, Row, pcc, reading_of, scores_of, share
from robustness_cases.transforms import RATE_HZ, Samples

_SHORT_S = 0.0301
_LOUD_DB = 30.0
"""Frames within this of the clip's loudest frames are as loud as speech, or as a noisy room."""
_ROOM_DB = 8.0
"""Frames this far above the clip's quietest frames are more than the noise of the room."""
_LOUD_SHARE = 0.3
_PAUSE_S = 0.3


def plausibility(bench: Bench) -> Iterator[Row]:
    """Flagged phones, diagnoses and pauses on clips of learners, and how alike the four scores are."""
    judged: list[tuple[Reading, Assessment]] = []
    for index in bench.rng().permutation(len(bench.corpus))[: 8 * bench.n]:
        reading = reading_of(bench.corpus[index])
        result = bench.assess(reading.name, reading.samples, reading.text)
        if isinstance(result, Assessment):
            judged.append((reading, result))
    phones = [phone for _, result in judged for phone in result.phones]
    flagged = [phone for phone in phones if phone.mispronounced]
    yield _lasting("how long flagged phones last", flagged)
    yield _lasting("how long the other phones last", [phone for phone in phones if not phone.mispronounced])
    swaps = [_swaps_vowel_and_consonant(phone) for phone in flagged if phone.heard]
    yield Row("diagnoses that swap vowel and consonant", len(swaps), share(swaps), "hardly any")
    loud = [one for reading, result in judged for one in _loud_pauses(reading.samples, result)]
    case = f"pauses of {_PAUSE_S} s and more that are loud"
    yield Row(case, len(loud), share([one for one, _ in loud]), "hardly any")
    yield Row(f"{case}, for their room", len(loud), share([one for _, one in loud]), "hardly any")
    yield from _alike(judged)


def _alike(judged: list[tuple[Reading, Assessment]]) -> Iterator[Row]:
    """How the predicted scores correlate with each other, beside those of people on the same clips."""
    scored = [
        (reading, scores)
        for reading, result in judged
        if len(scores := scores_of(result)) == len(reading.scores.keys() & set(ASPECTS)) == len(ASPECTS)
    ]
    for a, b in combinations(ASPECTS, 2):
        said = pcc([scores[a] for _, scores in scored], [scores[b] for _, scores in scored])
        people = pcc([r.scores[a] for r, _ in scored], [r.scores[b] for r, _ in scored], "people")
        yield Row(f"{a} with {b}", len(scored), said | people if said else {}, "as people")


def _lasting(case: str, phones: list[PhoneResult]) -> Row:
    lasting = [duration for phone in phones if (duration := _duration_s(phone)) is not None]
    lengths = share([duration <= _SHORT_S for duration in lasting], "30 ms or less")
    lengths |= {"median, ms": 1000 * median(lasting)} if lasting else {}
    return Row(case, len(lasting), lengths, "flagged ones as the others")


def _duration_s(phone: PhoneResult) -> float | None:
    return None if phone.start_s is None or phone.end_s is None else phone.end_s - phone.start_s


def _swaps_vowel_and_consonant(phone: PhoneResult) -> bool:
    heard = (phone.heard or "").split()[0].rstrip("*")
    return heard != "<unk>" and is_vowel(strip_stress(phone.phone)) != is_vowel(heard)


def _loud_pauses(samples: Samples, result: Assessment) -> list[tuple[bool, bool]]:
    """For each longer pause, whether over 30% of its 10 ms frames are loud, and louder than the room, too."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    level_db = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
    quietest, loudest = np.percentile(level_db, (5, 95))
    thresholds = loudest - _LOUD_DB, max(loudest - _LOUD_DB, quietest + _ROOM_DB)
    found: list[tuple[bool, bool]] = []
    for pause in result.pauses:
        if pause.end_s - pause.start_s >= _PAUSE_S:
            inside = level_db[round(pause.start_s * RATE_HZ / 160) : round(pause.end_s * RATE_HZ / 160)]
            above, above_room = ((inside > threshold).mean() > _LOUD_SHARE for threshold in thresholds)
            found.append((bool(above), bool(above_room)))
    return found
