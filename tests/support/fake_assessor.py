"""An engine without weights: it decodes and checks the audio, and returns a fixed assessment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile as sf

from enunciate import audio
from enunciate.phones import Lexicon, strip_stress
from enunciate.reading import parse_text
from enunciate.schema import (
    Assessment,
    Notice,
    Pause,
    PhoneQuality,
    PhoneResult,
    Rates,
    Score,
    Utterance,
    WordResult,
)

PHONE_S = 0.1


def score(value: float) -> Score:
    return Score(value=value, low=max(0.0, value - 1.5), high=min(10.0, value + 1.5))


def phone_result(
    phone: str, start_s: float, value: float | None = 1.9, heard: str | None = ""
) -> PhoneResult:
    """`heard` defaults to the phone itself; another phone, or None, makes it mispronounced."""
    quality = None if value is None else PhoneQuality(value=value, low=max(0.0, value - 0.4), high=2.0)
    return PhoneResult(
        phone=phone,
        start_s=start_s,
        end_s=start_s + PHONE_S,
        heard=phone if heard == "" else heard,
        heard_probability=0.87,
        score=quality,
        mispronounced=heard != "",
    )


def assessment_of(utterance: Utterance, duration_s: float, model: str = "fake 1") -> Assessment:
    """TH is always heard as S, the word "left" is always omitted, and everything else is said well."""
    words: list[WordResult] = []
    start_s = 0.0
    lexicon = Lexicon.default().with_entries(utterance.lexicon or {})
    for word in parse_text(utterance.text, lexicon) if utterance.text is not None else ():
        results = []
        for phone in map(strip_stress, word.variants[0]):
            wrong = {"heard": None} if word.text == "left" else {"heard": "S"} if phone == "TH" else {}
            results.append(phone_result(phone, start_s, value=0.3 if wrong else 1.9, **wrong))
            start_s += PHONE_S
        bad = any(phone.mispronounced for phone in results)
        error = "omission" if word.text == "left" else "mispronunciation" if bad else "none"
        words.append(
            WordResult(
                text=word.text,
                start_s=results[0].start_s,
                end_s=results[-1].end_s,
                score=score(3.0 if bad else 9.0),
                error=error,
                phones=tuple(results),
            )
        )
    with_text = bool(words)
    phones = tuple(p for word in words for p in word.phones)
    heard = tuple(phone_result(p, i * PHONE_S, value=None) for i, p in enumerate(("HH", "AH", "L", "OW")))
    scores = {"accuracy": 7.0, "fluency": 8.0, "prosodic": 6.0, "total": 4.5}
    return Assessment(
        id=utterance.id,
        model=model,
        duration_s=duration_s,
        text=utterance.text,
        used_reference=with_text,
        **{name: score(value) if with_text else None for name, value in scores.items()},
        completeness=Score(value=10, low=10, high=10) if with_text else None,
        words=tuple(words),
        phones=phones if with_text else heard,
        pauses=(Pause(start_s=0.5, end_s=0.9),),
        rates=Rates(
            phones_per_s=8.5, words_per_s=2.1 if with_text else None, articulation_phones_per_s=10.25
        ),
        warnings=() if with_text else (Notice(code="no_reference", message="no text was given"),),
    )


def without_times(assessment: Assessment) -> Assessment:
    """The assessment of an engine that gives no times."""
    words = tuple(
        word.model_copy(
            update={
                "start_s": None,
                "phones": tuple(p.model_copy(update={"start_s": None, "end_s": None}) for p in word.phones),
            }
        )
        for word in assessment.words
    )
    return assessment.model_copy(update={"words": words, "rates": None, "pauses": ()})


class FakeAssessor:
    """Records what it assessed; `stop_before` and `delay_s` are for tests of interrupted runs."""

    batch_size = 1

    def __init__(self, name: str = "fake 1", stop_before: str | None = None, delay_s: float = 0.0) -> None:
        self.name = name
        self.stop_before = stop_before
        self.delay_s = delay_s
        self.assessed: list[str] = []

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        return [self._assess(utterance) for utterance in utterances]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        return [("HH", "AH", "L", "OW") for _ in utterances]

    def _assess(self, utterance: Utterance) -> Assessment:
        if utterance.id == self.stop_before:
            raise KeyboardInterrupt
        time.sleep(self.delay_s)
        speech = audio.load(utterance.audio)
        self.assessed.append(utterance.id)
        return assessment_of(utterance, speech.duration_s, self.name)


def write_clip(path: Path, duration_s: float = 1.0, rate_hz: int = 16_000) -> Path:
    """Write a tone, which only a fake engine takes for speech."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    sf.write(path, 0.3 * np.sin(2 * np.pi * 220 * time_s), rate_hz)
    return path
