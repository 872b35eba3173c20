"""The queries of the documentation, on the results of a run."""

from pathlib import Path

import pytest
from support.documentation import blocks
from support.fake_assessor import assessment_of

from enunciate.distributed.part_folder import PartFolder, rows_of_parts
from enunciate.distributed.result_rows import table_of_results
from enunciate.exports.level import Level
from enunciate.exports.parquet import write_parquet
from enunciate.manifest import read_json_rows
from enunciate.schema import ClipError, Failure, Utterance

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
DUCKDB, POLARS = blocks("scale.md", "python")


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The list, the parts and the table of phones that the page speaks of; clip "b" has failed."""
    (tmp_path / "lists").mkdir()
    ids = ["a", "b"]
    table = pa.table({"id": ids, "audio": [f"{id}.wav" for id in ids], "text": ["I think so"] * 2})
    pq.write_table(table, tmp_path / "lists" / "0.parquet")
    good = assessment_of(Utterance(id="a", audio=Path("a.wav"), text="I think so"), 1.0)
    bad = Failure(id="b", audio=None, error=ClipError(code="audio_silent", message="nothing: no sound"))
    parts = PartFolder(tmp_path / "results", "{}")
    parts.add(table_of_results([good, bad]))
    parts.finish()
    lines = "".join(f"{line}\n" for line in rows_of_parts(tmp_path / "results"))
    (tmp_path / "rows.jsonl").write_text(lines)
    write_parquet(read_json_rows(tmp_path / "rows.jsonl"), Level.PHONES, tmp_path / "phones.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_duckdb_reads_the_parts_and_lists_what_failed(results: Path, capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("duckdb", reason="duckdb is not installed")
    exec(compile(DUCKDB, "scale.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "fake 1" in printed
    assert "audio_silent" in printed
    assert "TH" in printed
    assert pq.read_table(results / "failed.parquet").to_pylist() == [
        {"id": "b", "audio": "lists/b.wav", "text": "I think so"}
    ]


def test_polars_finds_the_worst_phones(results: Path, capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("polars", reason="polars is not installed")
    names: dict[str, object] = {}
    exec(compile(POLARS, "scale.md", "exec"), names)
    assert capsys.readouterr().out.splitlines()[6].split("\u2506")[0].strip("\u2502 ") == "TH"
