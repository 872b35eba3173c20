"""Whether flags, diagnoses, times and pauses are plausible, on clips of learners and on known mistakes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np

from enunciate import Assessment
from enunciate.phones import Lexicon, is_vowel, strip_stress
from enunciate.schema import ASPECTS, PhoneResult
from robustness_cases.bench import Bench, Row, phone_counts, reading_of, scores_of
from robustness_cases.transforms import RATE_HZ, Samples
from robustness_cases.voices import Voice, available_voices

_SHORT_S = 0.0301
_LOUD_DB = 30.0
"""Frames within this of the clip's loudest frames are speech."""
_PAUSE_S = 0.3
_PAIR = re.compile(r"\{(\w+)\|(\w+)\}")


def plausibility(bench: Bench) -> Iterator[Row]:
    """Flagged phones, diagnoses and pauses on clips of learners, and how alike the four scores are."""
    rng = bench.rng()
    results: list[Assessment] = []
    loud: list[float] = []
    for index in rng.permutation(len(bench.corpus))[: 8 * bench.n]:
        reading = reading_of(bench.corpus[index])
        result = bench.assess(reading.name, reading.samples, reading.text)
        if isinstance(result, Assessment):
            results.append(result)
            loud += _loud_shares(reading.samples, result)
    flagged = [phone for result in results for phone in result.phones if phone.mispronounced]
    yield Row(
        "flagged phones of 30 ms or less", len(flagged), {"share": _mean([_is_short(p) for p in flagged])}
    )
    swaps = [_swaps_vowel_and_consonant(phone) for phone in flagged if phone.heard]
    yield Row("diagnoses that swap vowel and consonant", len(swaps), {"share": _mean(swaps)})
    yield Row("loud frames in pauses of 0.3 s and more", len(loud), {"share": _mean(loud)})
    table = np.array(
        [[scores_of(r)[a] for a in ASPECTS] for r in results if len(scores_of(r)) == len(ASPECTS)]
    )
    for a, b in combinations(range(len(ASPECTS)), 2):
        pcc = float(np.corrcoef(table[:, a], table[:, b])[0, 1])
        yield Row(f"predicted {ASPECTS[a]} with {ASPECTS[b]}", len(table), {"PCC": pcc})


def minimal_pairs(bench: Bench) -> Iterator[Row]:
    """A word said in place of another that differs in one phone, by synthetic voices."""
    lexicon = Lexicon.default()
    lines = (Path(__file__).parent / "minimal_pairs.txt").read_text(encoding="utf-8").splitlines()
    sentences = [line for line in lines if line and line[0] != "#"]
    for voice in available_voices():
        if voice.native:
            yield _pairs_of(bench, voice, sentences, lexicon)


def native_voices(bench: Bench) -> Iterator[Row]:
    """What good synthetic speech gets, and how many of its phones are flagged."""
    lines = (Path(__file__).parent / "minimal_pairs.txt").read_text(encoding="utf-8").splitlines()
    texts = [_PAIR.sub(r"\1", line) for line in lines if line and line[0] != "#"][: 2 * bench.n]
    paragraph = " ".join(texts[:6])
    for voice in available_voices():
        for name, chosen in (("sentences", texts), ("a paragraph", [paragraph])):
            yield _reading_row(bench, voice, name, chosen)


def _reading_row(bench: Bench, voice: Voice, name: str, texts: list[str]) -> Row:
    results = [bench.assess(voice.name, voice.say(text), text) for text in texts]
    scored = [result for result in results if isinstance(result, Assessment)]
    counts = np.array([phone_counts(result) for result in scored])
    values = {a: float(np.mean([scores_of(result)[a] for result in scored])) for a in ASPECTS}
    return Row(
        f"{voice.name}, {name}",
        len(scored),
        values | {"flagged": float(counts[:, 0].sum() / counts[:, 1].sum())},
    )


def _pairs_of(bench: Bench, voice: Voice, sentences: list[str], lexicon: Lexicon) -> Row:
    found: list[bool] = []
    right: list[bool] = []
    others: list[bool] = []
    for sentence in sentences:
        match = _PAIR.search(sentence)
        assert match, sentence
        expected, said = match.groups()
        result = bench.assess(voice.name, voice.say(_PAIR.sub(said, sentence)), _PAIR.sub(expected, sentence))
        if not isinstance(result, Assessment):
            found.append(False)
            continue
        index = len(_PAIR.sub(expected, sentence)[: match.start()].split())
        word = result.words[index]
        found.append(word.error != "none")
        others += [other.error != "none" for k, other in enumerate(result.words) if k != index]
        if (swap := _difference(expected, said, lexicon)) and found[-1]:
            right.append(
                any(p.mispronounced and (strip_stress(p.phone), p.heard) == swap for p in word.phones)
            )
    values = {"found": _mean(found), "false marks": _mean(others), "diagnosis right": _mean(right)}
    return Row(f"minimal pairs, {voice.name}", len(found), values)


def _difference(expected: str, said: str, lexicon: Lexicon) -> tuple[str, str] | None:
    """The one phone in which two words differ, where they are of one length."""
    pronounced = [lexicon.lookup(word.lower()) for word in (expected, said)]
    for a in pronounced[0]:
        for b in pronounced[1]:
            pairs = list(zip(map(strip_stress, a), map(strip_stress, b), strict=False))
            differing = [pair for pair in pairs if pair[0] != pair[1]]
            if len(a) == len(b) and len(differing) == 1:
                return differing[0]
    return None


def _is_short(phone: PhoneResult) -> bool:
    return phone.start_s is not None and phone.end_s is not None and phone.end_s - phone.start_s <= _SHORT_S


def _swaps_vowel_and_consonant(phone: PhoneResult) -> bool:
    heard = (phone.heard or "").split()[0].rstrip("*")
    return heard != "<unk>" and is_vowel(strip_stress(phone.phone)) != is_vowel(heard)


def _loud_shares(samples: Samples, result: Assessment) -> list[float]:
    """For each longer pause, the share of its 10 ms frames that are as loud as speech."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    level_db = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
    threshold = np.percentile(level_db, 95) - _LOUD_DB
    shares: list[float] = []
    for pause in result.pauses:
        if pause.end_s - pause.start_s >= _PAUSE_S:
            inside = level_db[round(pause.start_s * RATE_HZ / 160) : round(pause.end_s * RATE_HZ / 160)]
            shares.append(float((inside > threshold).mean() > 0.3))
    return shares


def _mean(values: list[bool] | list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
