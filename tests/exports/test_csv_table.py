"""Results as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from support.fake_assessor import assessment_of, without_times

from enunciate.exports.csv_table import to_csv
from enunciate.exports.level import Level
from enunciate.manifest import Row
from enunciate.schema import ClipError, Failure, Utterance

WITH_TEXT = assessment_of(Utterance(id="a.wav", audio=Path("a.wav"), text="I think I left"), 2.5)
WITHOUT_TEXT = assessment_of(Utterance(id="a.wav", audio=Path("a.wav")), 2.5)


FAILURE = Failure(id="b.wav", audio="b.wav", error=ClipError(code="audio_silent", message="nothing, at all"))


def rows(level: Level, *results: Row) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(results, level))))


def test_each_phone_has_a_row() -> None:
    first, *others = rows(Level.PHONES, WITH_TEXT)
    assert len(others) + 1 == len(WITH_TEXT.phones)
    assert others[0] == {
        "id": "a.wav", "word_index": "1", "word": "think", "phone": "TH", "start_s": "0.100",
        "end_s": "0.200", "score": "0.30", "low": "0.00", "high": "2.00", "heard": "S",
        "heard_probability": "0.870", "mispronounced": "true", "stress": "", "failure": "",
    }  # fmt: skip
    assert others[-1]["heard"] == ""
    assert first["mispronounced"] == "false"


def test_without_a_text_word_and_score_are_empty() -> None:
    lines = to_csv([WITHOUT_TEXT], Level.PHONES).splitlines()
    assert lines[1] == "a.wav,,,HH,0.000,0.100,,,,HH,0.870,false,,"


def test_commas_and_quotes_are_quoted() -> None:
    odd = WITHOUT_TEXT.model_copy(update={"id": 'a, "b".wav'})
    assert rows(Level.PHONES, odd)[0]["id"] == 'a, "b".wav'


def test_unknown_times_are_empty() -> None:
    found = rows(Level.PHONES, without_times(WITH_TEXT))
    assert {(row["start_s"], row["end_s"]) for row in found} == {("", "")}


def test_each_word_has_a_row() -> None:
    first, think, *_, left = rows(Level.WORDS, WITH_TEXT)
    assert think == {
        "id": "a.wav", "word_index": "1", "word": "think", "start_s": "0.100", "end_s": "0.500",
        "score": "3.00", "low": "1.50", "high": "4.50", "error": "mispronunciation", "phones": "TH IH NG K",
        "heard": "S IH NG K", "inserted": "", "read_as": "", "pronunciation": "citation", "guessed": "false",
        "failure": "",
    }  # fmt: skip
    assert (first["word"], left["error"], left["heard"]) == ("I", "omission", "")
    assert rows(Level.WORDS, WITHOUT_TEXT) == []


def test_each_utterance_has_a_row() -> None:
    with_text, without = rows(Level.UTTERANCES, WITH_TEXT, WITHOUT_TEXT)
    assert with_text["text"] == "I think I left"
    assert (with_text["total"], with_text["total_low"], with_text["total_high"]) == ("4.50", "3.00", "6.00")
    assert (with_text["n_words"], with_text["n_omitted"], with_text["n_mispronounced"]) == ("4", "1", "5")
    assert (without["accuracy"], without["n_words"], without["warnings"]) == ("", "0", "no_reference")


@pytest.mark.parametrize("level", Level)
def test_a_clip_that_failed_has_one_row_that_says_why(level: Level) -> None:
    row = rows(level, WITH_TEXT, FAILURE)[-1]
    assert (row.pop("id"), row.pop("failure")) == ("b.wav", "audio_silent: nothing, at all")
    assert set(row.values()) == {""}
