"""How far a reading has come is followed through its text, by the seconds of speech and by what was said."""

from __future__ import annotations

import re

import pytest
from support.fake_assessor import assessment_of

from enunciate.schema import PhraseResult, Utterance
from enunciate.serve.listening.reading_progress import ReadingProgress, n_unsaid

TEXT = "One two three four. Five six, seven eight nine ten? Eleven twelve"


def phrase_of(text: str) -> PhraseResult:
    """The phrase of a text that is said at once; "left" is omitted."""
    whole = assessment_of(Utterance(id="", audio=b"", text=text), 1.0)
    places = [match.span() for match in re.finditer(r"\w+", text)]
    words = [
        word.model_copy(update={"text_start": start, "text_end": end})
        for word, (start, end) in zip(whole.words, places, strict=True)
    ]
    scores = {name: getattr(whole, name) for name in ("accuracy", "fluency", "prosodic", "total")}
    return PhraseResult(index=0, start_s=0.0, end_s=1.0, words=tuple(words), phones=whole.phones, **scores)


def offered(progress: ReadingProgress, speech_s: float) -> list[str]:
    return [progress.text_of(part).strip() for part in progress.candidates(speech_s)]


def test_the_part_that_fits_the_seconds_of_speech_is_offered_first():
    assert offered(ReadingProgress(TEXT), 1.4)[0] == "One two three four."
    assert offered(ReadingProgress(TEXT), 3.3)[0] == "One two three four. Five six, seven eight nine ten?"


def test_nothing_is_offered_that_nobody_could_have_said():
    assert offered(ReadingProgress(TEXT), 0.5) == []
    assert offered(ReadingProgress("One two three four five six seven eight nine ten."), 1.2) == []
    assert offered(ReadingProgress("no mark in it"), 5.0) == []


def test_the_next_phrase_begins_behind_what_was_told():
    progress = ReadingProgress(TEXT)
    progress.accept(progress.candidates(1.4)[0], 1.4, 2.0)
    assert progress.cut_s == 2.0
    assert offered(progress, 1.4 + 0.7) == ["Five six,"]
    assert progress.text_of(progress.rest).strip() == "Five six, seven eight nine ten? Eleven twelve"
    assert offered(progress, 1.5) == []


def test_a_phrase_that_is_not_over_is_not_offered_again_before_the_missing_words_can_have_been_said():
    progress = ReadingProgress(TEXT)
    progress.put_off(1.0, n_missing=4)
    assert offered(progress, 1.4) == []
    assert offered(progress, 1.6)


def test_nothing_is_left_at_the_end_of_the_text():
    progress = ReadingProgress("One two three four. ")
    progress.accept(progress.candidates(1.4)[0], 1.4, 2.0)
    assert progress.rest is None


def test_phrases_have_their_places_in_the_whole_recording_and_text():
    progress = ReadingProgress(TEXT)
    (first,) = progress.candidates(1.2)[:1]
    (told,) = progress.told([phrase_of(progress.text_of(first))], first, 0.0)
    progress.accept(first, 1.4, 2.0)
    (second,) = progress.candidates(2.1)
    (next_told,) = progress.told([phrase_of(progress.text_of(second))], second, 2.0)
    assert (told.index, next_told.index) == (0, 1)
    for phrase in (told, next_told):
        for word in phrase.words:
            assert TEXT[word.text_start : word.text_end] == word.text
    assert next_told.start_s == pytest.approx(2.0)
    assert next_told.words[0].phones[0].start_s == pytest.approx(2.0)
    assert next_told.phones[0].start_s == pytest.approx(2.0)


def test_words_at_the_end_that_were_not_said_are_counted():
    assert n_unsaid(phrase_of("One two three four.").words) == 0
    assert n_unsaid(phrase_of("One two left left.").words) == 2
    assert n_unsaid(phrase_of("One left three.").words) == 0
    assert n_unsaid([]) == 0
