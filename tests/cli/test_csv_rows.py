"""An assessment as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from support.fake_assessor import assessment_of, without_times

from enunciate.cli.csv_rows import CSV_COLUMNS, to_csv
from enunciate.schema import Utterance

WITH_TEXT = assessment_of(Utterance(id="a.wav", audio=Path("a.wav"), text="I think I left"), 2.5)
WITHOUT_TEXT = assessment_of(Utterance(id="a.wav", audio=Path("a.wav")), 2.5)


def test_each_phone_has_a_row() -> None:
    first, *others = list(csv.DictReader(io.StringIO(to_csv(WITH_TEXT))))
    assert tuple(first) == CSV_COLUMNS
    assert len(others) + 1 == len(WITH_TEXT.phones)
    assert others[0] == {
        "id": "a.wav", "word_index": "1", "word": "think", "phone": "TH", "start_s": "0.100",
        "end_s": "0.200", "score": "0.30", "low": "0.00", "high": "2.00", "heard": "S",
        "heard_probability": "0.870", "mispronounced": "true",
    }  # fmt: skip
    assert others[-1]["heard"] == ""
    assert first["mispronounced"] == "false"


def test_without_a_text_word_and_score_are_empty() -> None:
    lines = to_csv(WITHOUT_TEXT).splitlines()
    assert lines[1] == "a.wav,,,HH,0.000,0.100,,,,HH,0.870,false"


def test_commas_and_quotes_are_quoted() -> None:
    odd = WITHOUT_TEXT.model_copy(update={"id": 'a, "b".wav'})
    assert next(csv.DictReader(io.StringIO(to_csv(odd))))["id"] == 'a, "b".wav'


def test_unknown_times_are_empty() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(without_times(WITH_TEXT)))))
    assert {(row["start_s"], row["end_s"]) for row in rows} == {("", "")}
