"""Utterances and assessments of one word with a few phones, for the tests of metrics and evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from enunciate.metrics.pairs import Evaluated
from enunciate.schema import (
    ASPECTS,
    Assessment,
    HumanScores,
    Mispronunciation,
    PhoneQuality,
    PhoneResult,
    Rates,
    ReferenceWord,
    Score,
    Utterance,
    WordResult,
)


def make_utterance(
    id: str = "u1",
    *,
    phones: str = "K AE1 T",
    phone_scores: Sequence[float] | None = (2, 2, 2),
    said: dict[int, str] | None = None,
    human: float | None = None,
    speaker: str | None = "s1",
) -> Utterance:
    """`said` maps the index of a phone to its label; None stands for a corpus without annotation."""
    canonical = tuple(phones.split())
    annotated = (
        None
        if said is None
        else tuple(Mispronunciation(canonical=canonical[i], index=i, pronounced=p) for i, p in said.items())
    )
    word = ReferenceWord(
        text="WORD",
        phones=canonical,
        phone_scores=None if phone_scores is None else tuple(phone_scores),
        mispronunciations=annotated,
    )
    scores = None if human is None else HumanScores(**dict.fromkeys(ASPECTS, human))
    return Utterance(
        id=id, audio=Path(f"{id}.wav"), text="word", words=(word,), scores=scores, speaker=speaker
    )


def make_assessment(
    utterance: Utterance,
    *,
    value: float = 5,
    phone_values: Sequence[float] | None = None,
    heard: dict[int, str | None] | None = None,
    half_width: float = 1,
    model: str = "fake 1",
) -> Assessment:
    """`heard` maps the index of each flagged phone to what was heard there."""
    assert utterance.words
    canonical = [phone.rstrip("012") for word in utterance.words for phone in word.phones]
    flagged = heard or {}
    values = phone_values or [0.2 if i in flagged else 2 for i in range(len(canonical))]
    score = Score(value=value, low=max(0, value - half_width), high=min(10, value + half_width))
    phones = tuple(
        PhoneResult(
            phone=phone,
            start_s=i / 10,
            end_s=(i + 1) / 10,
            heard=flagged.get(i, phone),
            heard_probability=0.5,
            score=PhoneQuality(value=values[i], low=max(0, values[i] - 0.5), high=min(2, values[i] + 0.5)),
            mispronounced=i in flagged,
        )
        for i, phone in enumerate(canonical)
    )
    word = WordResult(text="WORD", start_s=0, end_s=1, score=score, error="none", phones=phones)
    return Assessment(
        id=utterance.id,
        model=model,
        duration_s=1,
        text=utterance.text,
        used_reference=True,
        accuracy=score,
        fluency=score,
        prosodic=score,
        total=score,
        completeness=None,
        words=(word,),
        phones=phones,
        pauses=(),
        rates=Rates(phones_per_s=3, words_per_s=1, articulation_phones_per_s=3),
    )


def make_corpus(n_speakers: int = 6, per_speaker: int = 4) -> list[Utterance]:
    """Utterances with scores of every kind: some phones mispronounced and annotated, human scores varied."""
    return [
        make_utterance(
            id=f"{s}-{i}",
            phones="K AE1 T S",
            phone_scores=(2, 1.2, 0 if i % 2 else 1.8, 0.4 if s % 3 == 0 else 2),
            said={k: p for k, p, wrong in ((2, "D", i % 2), (3, "<DEL>", s % 3 == 0)) if wrong},
            human=(s + 2 * i) % 11,
            speaker=f"speaker{s}",
        )
        for s in range(n_speakers)
        for i in range(per_speaker)
    ]


def perfect(utterance: Utterance) -> Evaluated:
    """The results of an engine that agrees with the human raters in everything."""
    assert utterance.words
    assert utterance.scores
    assert utterance.scores.accuracy is not None
    (word,) = utterance.words
    assert word.phone_scores
    labels = {m.index: m.pronounced for m in word.mispronunciations or ()}
    heard = {
        i: None if labels[i] == "<DEL>" else labels[i]
        for i, score in enumerate(word.phone_scores)
        if score < 0.5
    }
    assessment = make_assessment(
        utterance, value=utterance.scores.accuracy, phone_values=word.phone_scores, heard=heard
    )
    recognised = [heard.get(i, phone.rstrip("012")) for i, phone in enumerate(word.phones)]
    return Evaluated(utterance, assessment, tuple(phone for phone in recognised if phone))
