"""Summaries keep what a coach needs: scores, and the words and sounds that went wrong."""

from __future__ import annotations

from support.fake_assessor import assessment_of, score

from enunciate.mcp.summaries import SoundError, compare, summarise
from enunciate.schema import Assessment, Utterance


def assessed(text: str | None) -> Assessment:
    return assessment_of(Utterance(id="a", audio=b"", text=text), 1.0)


def test_a_word_has_the_sounds_that_went_wrong():
    hello, think, left = summarise(assessed("Hello, think left")).words
    assert (hello.error, hello.errors, hello.score) == ("none", (), 9.0)
    assert think.errors == (SoundError(expected="θ", heard="s", confidence=0.87),)
    assert (left.error, left.errors) == ("omission", ())


def test_without_a_text_there_are_sounds_and_a_warning():
    summary = summarise(assessed(None))
    assert (summary.words, summary.sounds_heard) == ((), "h ʌ l oʊ")
    assert summary.scores == {} and summary.warnings == ("no text was given",)


def test_only_words_that_changed_are_compared():
    before = assessed("think hello well")
    hello = before.words[1].model_copy(update={"score": score(7.0)})
    after = before.model_copy(update={"words": (before.words[0], hello, before.words[2])})
    (changed,) = compare(before, after).words
    assert (changed.word, changed.score_a, changed.score_b) == ("hello", 9.0, 7.0)
    assert compare(before, before).words == ()
