"""Files of rows that resume, files that are replaced whole, and the log of events."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from pydantic import BaseModel

from enunciate.errors import OutputError
from enunciate.storage import append_rows, event_log, resume_rows, write_whole, writing_to


class Row(BaseModel):
    id: str
    value: int


ROWS = [Row(id="a", value=1), Row(id="b", value=2)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with two rows."""
    path = tmp_path / "rows.jsonl"
    with path.open("w", encoding="utf-8") as lines:
        append_rows(lines, ROWS)
    return path


def resume(path: Path) -> list[Row]:
    return resume_rows(path, Row.model_validate_json, "a row")


def test_rows_are_read_back(path: Path) -> None:
    assert resume(path) == ROWS


def test_a_file_that_does_not_exist_has_no_rows(tmp_path: Path) -> None:
    assert resume(tmp_path / "none") == []


@pytest.mark.parametrize("unfinished", ['{"id":"c","val', '{"i', "{"])
def test_an_unfinished_last_row_is_cut_off(path: Path, unfinished: str) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + unfinished.encode())
    assert resume(path) == ROWS
    assert path.read_bytes() == whole


@pytest.mark.parametrize("other", ["notes without a newline", '[{"id": 1}]', '{"name": "x"'])
def test_a_file_of_another_kind_is_not_cut(path: Path, other: str) -> None:
    path.write_text(other, encoding="utf-8")
    with pytest.raises(OutputError, match="does not hold the rows of a run"):
        resume(path)
    assert path.read_text(encoding="utf-8") == other


def test_a_row_that_is_wrong_is_named_by_its_line(path: Path) -> None:
    with path.open("a", encoding="utf-8") as lines:
        lines.write('{"id": "c"}\n')
    with pytest.raises(
        OutputError, match=r"rows\.jsonl, line 3 is not a row \(1 problems, the first: Field required"
    ):
        resume(path)


def test_rows_are_on_disk_as_soon_as_they_are_appended(tmp_path: Path) -> None:
    with (tmp_path / "rows").open("w", encoding="utf-8") as lines:
        append_rows(lines, ROWS[:1])
        assert (tmp_path / "rows").read_text(encoding="utf-8") == '{"id":"a","value":1}\n'


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "text"
    write_whole(path, "old")
    write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        write_whole(path, "half")
    assert path.read_text(encoding="utf-8") == "new"


def test_a_refusal_of_the_system_says_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"No such file or directory\. Give another place"),
        writing_to(tmp_path / "none" / "x"),
    ):
        write_whole(tmp_path / "none" / "x", "")


def test_events_are_logged_and_appended_to_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="enunciate")
    log_event = event_log(tmp_path / "log.jsonl")
    log_event(step=1, loss=1 / 3)
    log_event(step=2, loss=None)
    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"step": 1, "loss": 0.333333}, {"step": 2, "loss": None}]
    assert caplog.messages == lines
