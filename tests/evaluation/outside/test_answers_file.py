"""Files of answers: three forms of rows, each checked against the clips."""

import json
import logging

import pytest
from support.evaluation_cases import make_assessment, make_utterance

from enunciate.errors import OutputError
from enunciate.evaluation.outside.answers_file import NO_ROW, read_answers
from enunciate.schema import ClipError, Failure

CLIPS = [make_utterance(id, human=6, speaker=id) for id in ("u1", "u2", "u3", "u4", "u5")]


def write(path, *rows):
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def test_a_file_may_mix_all_forms_in_any_order(tmp_path, caplog):
    failure = Failure(id="u3", audio=None, error=ClipError(code="audio_silent", message="silent"))
    rows = (
        {"id": "u4", "azure": {"NBest": [{"PronScore": 40}]}},
        {"id": "u2", "total": 3, "free_phones": ["K"]},
        make_assessment(CLIPS[0], value=8).model_dump_json(),
        failure.model_dump_json(),
        "",
    )
    with caplog.at_level(logging.WARNING):
        predictions = read_answers(write(tmp_path / "a.jsonl", *rows), CLIPS)
    assert [one.id for one in predictions] == [one.id for one in CLIPS]
    totals = [one.assessment.total.value if one.assessment else one.error for one in predictions]
    assert totals == [8, 3, "audio_silent: silent", 4, NO_ROW]
    assert predictions[1].free_phones == ("K",)
    assert "no row for 1 of 5 clips" in caplog.text


def test_every_problem_is_told_with_its_line(tmp_path):
    other = make_assessment(make_utterance("u1", phones="S OW", phone_scores=(2, 2)))
    path = write(
        tmp_path / "a.jsonl",
        {"id": "u2", "total": 12},
        {"id": "nobody", "total": 2},
        "not json",
        "[]",
        {"id": "u3", "total": 2},
        {"id": "u3", "total": 2},
        {"id": "u4", "phones": [{"phone": "K", "score": 1}]},
        other.model_dump_json(),
    )
    with pytest.raises(OutputError) as raised:
        read_answers(path, CLIPS)
    message = str(raised.value)
    for part in (
        "7 problems",
        "line 1: total: Input should be less than or equal to 10",
        "line 2: the id 'nobody' is not one of the clips",
        "line 3: ",
        "line 4: not a JSON object",
        "line 6: the id 'u3' comes a second time",
        "line 7: the phones are 'K'",
        "line 8: utterance u1: the assessment has 2 phones",
    ):
        assert part in message, message


def test_an_empty_or_missing_file_is_refused(tmp_path):
    with pytest.raises(OutputError, match="has no answers"):
        read_answers(write(tmp_path / "a.jsonl"), CLIPS)
    with pytest.raises(OutputError, match="cannot be read"):
        read_answers(tmp_path / "none.jsonl", CLIPS)
