"""`enunciate assess` for many clips, in the files of other tools."""

import csv
import io
import json
from pathlib import Path

import pytest
from support.command_line import run
from support.fake_assessor import FakeAssessor, write_clip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two clips with their texts, and a third that is too short."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for name, text in (("a", "I think so"), ("b", "I left")):
        write_clip(folder / f"{name}.wav")
        (folder / f"{name}.txt").write_text(text)
    write_clip(folder / "c.wav", duration_s=0.1)
    return folder


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_folder_of_clips_with_their_texts_is_a_list(fake: FakeAssessor, folder: Path) -> None:
    for arguments in ((folder,), ("--manifest", folder)):
        result = run("assess", *arguments)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert [line.get("text") for line in lines] == ["I think so", "I left", None]
        assert result.exit_code == 2


def test_a_table_is_a_list(fake: FakeAssessor, folder: Path) -> None:
    (folder / "list.csv").write_text("id,audio,text\n1,a.wav,so\n")
    result = run("assess", "--manifest", folder / "list.csv")
    assert [(json.loads(line)["id"], json.loads(line)["text"]) for line in result.stdout.splitlines()] == [
        ("1", "so")
    ]


def test_csv_is_one_table_of_all_clips(fake: FakeAssessor, folder: Path, tmp_path: Path) -> None:
    printed = run("assess", "--manifest", folder, "--format", "csv", "--level", "words")
    assert [(row["id"], row["word"]) for row in rows(printed.stdout)] == [
        ("a.wav", "I"), ("a.wav", "think"), ("a.wav", "so"), ("b.wav", "I"), ("b.wav", "left"), ("c.wav", ""),
    ]  # fmt: skip
    assert rows(printed.stdout)[-1]["failure"].startswith("audio_too_short: ")
    assert '"failure" in their rows says why' in printed.stderr
    out = tmp_path / "out" / "words.csv"
    written = run("assess", "--manifest", folder, "--format", "csv", "--level", "words", "--out", out)
    assert (written.exit_code, out.read_text()) == (2, printed.stdout)
    assert f"delete their rows from {out}.jsonl" in written.stderr


def test_a_stopped_table_resumes_and_another_level_costs_nothing(
    fake: FakeAssessor, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "x.csv"
    fake.stop_before = "b.wav"
    stopped = run("assess", "--manifest", folder, "--format", "csv", "--out", out)
    assert (
        stopped.stderr == f"stopped: what was done is kept in {out}.jsonl; rerun the same command to resume\n"
    )
    assert not out.exists()
    fake.stop_before = None
    run("assess", "--manifest", folder, "--format", "csv", "--out", out)
    assert fake.assessed == ["a.wav", "b.wav"]
    run("assess", "--manifest", folder, "--format", "csv", "--level", "utterances", "--out", out)
    assert fake.assessed == ["a.wav", "b.wav"]
    assert [row["id"] for row in rows(out.read_text())] == ["a.wav", "b.wav", "c.wav"]


def test_parquet_is_one_table_of_all_clips(fake: FakeAssessor, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pd = pytest.importorskip("pandas")
    out = tmp_path / "x.parquet"
    run("assess", folder, "--format", "parquet", "--level", "utterances", "--out", out)
    assert list(pd.read_parquet(out)["n_words"].dropna()) == [3, 2]
    run("assess", folder / "a.wav", "--text", "so", "--format", "parquet", "--out", out)
    assert list(pd.read_parquet(out)["phone"]) == ["S", "OW"]


def test_textgrids_are_a_folder(fake: FakeAssessor, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "grids"
    result = run("assess", folder, "--format", "textgrid", "--out", out, "--phones", "ipa")
    assert sorted(path.name for path in out.iterdir()) == ["a.TextGrid", "assessments.jsonl", "b.TextGrid"]
    assert 'text = "θ"' in (out / "a.TextGrid").read_text()
    assert f"delete their rows from {out / 'assessments.jsonl'}" in result.stderr
