"""How far the ends of phones are from those of a synthesiser, which made the clip from them.

Flite says when it said which phone, in readings that it is told to mispronounce. The phones are assessed
against its own lexicon, so that text and speech agree wherever nothing was changed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import soxr

from enunciate import Assessment, Clip, Utterance
from enunciate.corpus.synthetic.flite import Flite
from enunciate.corpus.synthetic.mispronunciations import SILENCE, Change, LearnerErrors, mispronounce
from enunciate.corpus.synthetic.sentences import TextMix, TextSources, sentences
from enunciate.corpus.synthetic.synthesiser import Segment
from enunciate.schema import PhoneResult, ReferenceWord
from robustness_cases.bench import Bench, Row
from robustness_cases.transforms import RATE_HZ

_CLOSE_S = 0.0201
_WANTED = "20 ms"


@dataclass(frozen=True)
class _Told:
    """What flite was told: for each phone of its lexicon, without silences, what is said, and the words."""

    canonical: list[str]
    said: list[Change]
    word_final: list[bool]


def boundaries(bench: Bench) -> Iterator[Row]:
    """The median error of starts and ends of phones, in correct and in mispronounced readings."""
    try:
        flite = Flite()
    except OSError:  # its libraries are not installed
        yield Row("boundaries of phones (needs flite)", 0)
        return
    for name, wrong in (("correct readings", False), ("mispronounced readings", True)):
        errors = _errors(bench, flite, wrong)
        for kind in ("right", "wrong") if wrong else ("right",):
            found = errors[kind]
            values = {"median error, ms": 1000 * median(found)} if found else {}
            values |= {"within 20 ms": float(np.mean(np.array(found) <= _CLOSE_S))} if found else {}
            yield Row(f"boundaries of {kind} phones, {name}", len(found), values, _WANTED)


def _errors(bench: Bench, flite: Flite, wrong: bool) -> dict[str, list[float]]:
    """Absolute errors in seconds of starts and ends, of phones said as the lexicon has them and of others."""
    rng = random.Random(1)
    texts = sentences(TextMix(), TextSources(), rng)
    errors: dict[str, list[float]] = {"right": [], "wrong": []}
    for number in range(4 * bench.n):
        text = next(texts)
        told: list[_Told] = []

        def edit(phones: Sequence[str], final: Sequence[bool], told: list[_Told] = told) -> list[Change]:
            said = mispronounce(phones, final, LearnerErrors(), rng) if wrong else [(one,) for one in phones]
            sounded = [index for index, phone in enumerate(phones) if phone != SILENCE]
            told.append(
                _Told([phones[i] for i in sounded], [said[i] for i in sounded], [final[i] for i in sounded])
            )
            return said

        speech = flite.say(text, edit, rng)
        if speech is None or len(told) != 1:
            continue
        spans = _spans(told[0].said, speech.segments)
        samples = soxr.resample(speech.samples / 32768, speech.rate_hz, RATE_HZ).astype(np.float32)
        result = bench.assess_utterance(
            Utterance(
                id=f"flite {number}",
                audio=Clip(samples=samples, sample_rate_hz=RATE_HZ),
                text=text,
                words=_words(told[0]),
            )
        )
        if spans is not None and isinstance(result, Assessment) and len(result.phones) == len(spans):
            _compare(result.phones, told[0], spans, errors)
    return errors


def _words(told: _Told) -> tuple[ReferenceWord, ...]:
    words: list[ReferenceWord] = []
    begin = 0
    for index, final in enumerate(told.word_final):
        if final or index == len(told.word_final) - 1:
            phones = tuple(told.canonical[begin : index + 1])
            words.append(ReferenceWord(text=f"w{len(words)}", phones=phones))
            begin = index + 1
    return tuple(words)


def _spans(said: list[Change], segments: Sequence[Segment]) -> list[tuple[float, float] | None] | None:
    """When what is said for each phone begins and ends; None for nothing said, or where flite said else."""
    sounded = [segment for segment in segments if segment[0] != SILENCE]
    if [segment[0] for segment in sounded] != [phone for one in said for phone in one]:
        return None
    spans: list[tuple[float, float] | None] = []
    at = 0
    for one in said:
        spans.append((sounded[at][1], sounded[at + len(one) - 1][2]) if one else None)
        at += len(one)
    return spans


def _compare(
    phones: Sequence[PhoneResult],
    told: _Told,
    spans: list[tuple[float, float] | None],
    errors: dict[str, list[float]],
) -> None:
    for phone, canonical, said, span in zip(phones, told.canonical, told.said, spans, strict=True):
        if span is None or len(said) > 1 or phone.start_s is None or phone.end_s is None:
            continue  # nothing was said, or more than the phone
        kind = "right" if said == (canonical,) else "wrong"
        errors[kind] += [abs(phone.start_s - span[0]), abs(phone.end_s - span[1])]
