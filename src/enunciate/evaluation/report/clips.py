"""The clips with the largest errors of a system, with their audio."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO

import numpy as np
import soundfile as sf  # pyright: ignore[reportMissingTypeStubs]

from enunciate import audio
from enunciate.errors import AudioError
from enunciate.evaluation.report.markup import Markup, join, number, section, tag
from enunciate.metrics.agreement import human_score, predicted_score
from enunciate.metrics.correlation import PHONE_TOP, UTTERANCE_TOP
from enunciate.metrics.pairs import Evaluated
from enunciate.schema import ASPECTS, Aspect, PhoneResult, ReferenceWord, Utterance, WordResult

N_WORST = 20
GOOD_FROM, FAIR_FROM = 7.5, 5.0
"""Thresholds of the word score, as in the tables of the terminal; they decide colours and marks only."""
MARKS = {"good": "", "fair": "~", "poor": "✗"}
ERRORS = {"none": None, "mispronunciation": "mispronounced", "omission": "omitted"}


def worst_clips(pairs: Sequence[Evaluated], n: int = N_WORST) -> list[tuple[float, Evaluated]]:
    """Return the clips with the largest mean absolute error over their aspects, and that error, worst first.

    Clips without an answer are not among them: there is nothing to see, and the report counts them elsewhere.
    """
    errors = [(error, pair) for pair in pairs if (error := _error(pair)) is not None]
    return sorted(errors, key=lambda one: (-one[0], one[1].utterance.id))[:n]


def clips_section(pairs: Sequence[Evaluated], id: str) -> Markup:
    """Return the worst clips as cards."""
    worst = worst_clips(pairs)
    cards = [_card(error, pair) for error, pair in worst]
    note = (
        "The clips with the largest mean difference from the human scores over the four aspects. Each word "
        "shows its predicted score and, after the bar, its human score (the mean over its phones where the "
        f"word has none). Colour and mark follow the predicted score: no mark from {GOOD_FROM}, ~ from "
        f"{FAIR_FROM:g}, ✗ below."
    )
    title = f"The {len(worst)} clips with the largest errors"
    return section(id, title, tag("div", *cards, class_="cards"), note=note)


def data_uri(source: Utterance) -> str:
    """Return a clip as a compact data URI that any browser plays: MP3, or FLAC where libsndfile lacks MP3.

    Ogg/Opus would be smaller still, but not every mobile browser plays it.

    Raises:
        AudioError: The clip cannot be read.
    """
    samples = audio.load(source.audio).samples
    formats = sf.available_formats()
    form, mime = ("MP3", "audio/mpeg") if "MP3" in formats else ("FLAC", "audio/flac")
    stream = BytesIO()
    sf.write(stream, np.clip(samples, -1, 1), audio.SAMPLE_RATE_HZ, format=form)  # pyright: ignore[reportUnknownMemberType]
    return f"data:{mime};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def _error(pair: Evaluated) -> float | None:
    errors = [
        abs(score.value - human)
        for aspect in ASPECTS
        if (human := human_score(pair, aspect)) is not None and (score := predicted_score(pair, aspect))
    ]
    return float(np.mean(errors)) if errors else None


def _card(error: float, pair: Evaluated) -> Markup:
    utterance = pair.utterance
    who = [f"speaker {utterance.speaker}" if utterance.speaker else None]
    who += [f"age {utterance.age}" if utterance.age is not None else None, utterance.gender]
    about = ", ".join(part for part in who if part)
    return tag(
        "article",
        tag("header", tag("strong", utterance.id), tag("span", about), tag("span", f"error {error:.1f}")),
        _player(utterance),
        _scores(pair),
        tag("p", *_words(pair), class_="words"),
        class_="card",
    )


def _player(utterance: Utterance) -> Markup:
    try:
        source = data_uri(utterance)
    except AudioError as error:
        return tag("p", f"cannot be played: {error}", class_="note")
    # No preload: twenty clips at once would keep a mobile device busy.
    return tag("audio", controls="", preload="none", src=source, aria_label=f"clip {utterance.id}")


def _scores(pair: Evaluated) -> Markup:
    return tag("dl", *(_score(pair, aspect) for aspect in ASPECTS), class_="scores")


def _score(pair: Evaluated, aspect: Aspect) -> Markup:
    score, human = predicted_score(pair, aspect), human_score(pair, aspect)
    given = "–" if human is None else f"{human:g}"
    shown = join(number(score.value if score else None, 1), tag("span", f" | {given}", class_="human-score"))
    return tag("div", tag("dt", aspect), tag("dd", shown))


def _words(pair: Evaluated) -> list[Markup]:
    results = pair.assessment.words if pair.assessment else ()
    references = pair.utterance.words or ()
    if not results:
        return [tag("span", tag("b", word.text), class_="word none") for word in references] or [
            tag("span", pair.utterance.text or "(no text)")
        ]
    # An engine may split words differently; human scores are shown where the words correspond.
    known: Sequence[ReferenceWord | None] = (
        references if len(references) == len(results) else [None] * len(results)
    )
    return [_word(result, reference) for result, reference in zip(results, known, strict=True)]


def _word(result: WordResult, reference: ReferenceWord | None) -> Markup:
    value = result.score.value
    band = "good" if value >= GOOD_FROM else "fair" if value >= FAIR_FROM else "poor"
    human = None if reference is None else _human_word(reference)
    wrong = [_confusion(phone) for phone in result.phones if phone.mispronounced]
    return tag(
        "span",
        tag("b", f"{MARKS[band]}{result.text}"),
        tag("small", f"{value:.1f} | {number(human, 1)}"),
        tag("small", " ".join(wrong), class_="confusion") if wrong else None,
        class_=f"word {band}",
        title=ERRORS[result.error],
    )


def _human_word(reference: ReferenceWord) -> float | None:
    """The human score of a word, or the mean of those of its phones, on the scale of 10."""
    if reference.accuracy is not None or not reference.phone_scores:
        return reference.accuracy
    return UTTERANCE_TOP / PHONE_TOP * float(np.mean(reference.phone_scores))


def _confusion(phone: PhoneResult) -> str:
    return f"{phone.phone}→{phone.heard or '∅'}"
