"""A text that is read in continuous mode is followed phrase by phrase, however long it is."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from enunciate.serve.azure.websocket.continuous_reading import ContinuousReading
from enunciate.serve.workers.messages import ClipOutcome
from enunciate.serve.workers.worker_process import WorkerReply

ONE, TWO = "One two three four five.", "Six seven eight nine ten."
WORD_S = 0.4


class Reader:
    """Says some words, and an engine that hears them."""

    def __init__(self, text: str) -> None:
        self.said, self.asked = "", []
        self.reading = ContinuousReading(text, self.assess)

    async def assess(self, text: str) -> WorkerReply:
        self.asked.append(text)
        if text == "broken":
            return WorkerReply(ClipOutcome(error="text_empty"), b"")
        said, expected = self.said.split(), text.split()
        n_unsaid = max(0, len(expected) - len(said))
        end_s = WORD_S * min(len(said), len(expected))
        return WorkerReply(ClipOutcome(n_unsaid=n_unsaid, speech_end_s=end_s), b"{}")

    def pause(self, said: str) -> tuple[bool, bool]:
        """Whether there is an answer at a pause, and whether a phrase is over."""
        self.said = said
        spoken_s = WORD_S * len(said.split())
        heard = SimpleNamespace(speech_s=spoken_s, speech_end_s=spoken_s, start_s=0.0, heard_s=spoken_s + 0.2)
        reply, is_over = asyncio.run(self.reading.at_pause(heard))
        return reply is not None, is_over


def test_each_phrase_is_over_at_the_pause_after_it():
    reader = Reader(f"{ONE} {TWO}")
    assert reader.pause(ONE) == (True, True)
    assert (reader.reading.is_begun, reader.reading.rest) == (True, TWO)
    assert reader.pause(TWO) == (True, True)


def test_a_reading_that_is_over_begins_anew():
    reader = Reader(ONE)
    assert [reader.pause(ONE), reader.pause(ONE)] == [(True, True)] * 2
    assert (reader.reading.is_begun, reader.reading.rest) == (False, ONE)


def test_a_pause_within_a_phrase_has_an_answer_and_ends_nothing():
    reader = Reader(f"{ONE} {TWO}")
    assert reader.pause("One two three") == (True, False)
    assert reader.reading.rest == f"{ONE} {TWO}"


def test_two_phrases_without_a_pause_between_them_are_told_together():
    reader = Reader(f"{ONE} {TWO} {ONE}")
    assert reader.pause(f"{ONE} {TWO}") == (True, True)
    assert reader.reading.rest == ONE


@pytest.mark.parametrize("text", ["hello", "Yes."])
def test_a_text_that_is_short_or_without_marks_ends_when_it_is_said(text):
    assert Reader(text).pause(text) == (True, True)


def test_what_cannot_be_assessed_has_no_answer():
    assert Reader("broken").pause("one") == (False, False)
