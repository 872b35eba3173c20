"""Tables of clips."""

import logging
from pathlib import Path

import pytest

from enunciate.clip_lists.table import read_table
from enunciate.errors import ManifestError


def table(tmp_path: Path, content: str, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    return path


def test_a_csv_table_has_columns_in_any_order_and_empty_cells(tmp_path: Path) -> None:
    path = table(tmp_path, '\ufefftext,audio,id\n"I think, so",a/1.wav,\n\n,/b/2.wav,two\n')
    first, second = read_table(path)
    assert (first.id, first.audio, first.text) == ("a/1.wav", tmp_path / "a" / "1.wav", "I think, so")
    assert (second.id, second.audio, second.text) == ("two", Path("/b/2.wav"), None)


def test_quotes_in_a_tsv_table_are_part_of_the_text(tmp_path: Path) -> None:
    path = table(tmp_path, 'audio\ttext\na.wav\t"Yes, I said.\nb.wav\tNo\n', "t.tsv")
    assert [clip.text for clip in read_table(path)] == ['"Yes, I said.', "No"]


def test_other_columns_are_ignored_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert len(read_table(table(tmp_path, "audio,txt,speaker\na.wav,hi,ada\n"))) == 1
    assert "columns that are not used: txt, speaker" in caplog.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,id\nhi,a\n", r"line 1 has no column 'audio': .* audio,text,id"),
        ("", "line 1 has no column 'audio'"),
        ("audio,text\n", "has no clips"),
        ("audio,text\na.wav,hi\nb.wav,oh, no\n", "line 3: 3 cells for 2 columns"),
        ("audio,text\na.wav,hi\n,hi\n", "line 3: 'audio' is missing"),
        ("audio,id\na.wav,x\nb.wav,x\n", "lines 2 and 3 have the same id 'x'"),
    ],
)
def test_a_broken_table_names_its_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message) as caught:
        read_table(table(tmp_path, content))
    assert "\n" not in str(caught.value)
