"""The results of a run in parts, which a stop at any moment does not damage."""

from pathlib import Path

import pytest
from support.fake_assessor import assessment_of

from enunciate.distributed.part_folder import PartFolder, part_files, rows_of_parts, unpacked
from enunciate.distributed.result_rows import table_of_results
from enunciate.errors import OutputError
from enunciate.manifest import Row
from enunciate.schema import ClipError, Failure, Utterance

pq = pytest.importorskip("pyarrow.parquet")


def results(*ids: str) -> list[Row]:
    return [assessment_of(Utterance(id=id, audio=Path("a.wav"), text="so"), 1.0) for id in ids]


def failure(id: str) -> Failure:
    return Failure(id=id, audio=None, error=ClipError(code="audio", message='with "model": in it'))


def rows(*ids: str) -> object:
    return table_of_results(results(*ids))


def lines(*made: Row) -> list[str]:
    return [one.model_dump_json() for one in made]


def ids_of(folder: Path) -> list[str]:
    return [id for part in part_files(folder) for id in pq.read_table(part)["id"].to_pylist()]


def test_parts_have_scores_in_columns_and_all_of_a_result(tmp_path: Path):
    parts = PartFolder(tmp_path, "{}", rows_per_part=2)
    parts.add(rows("a", "b"))
    parts.add(table_of_results([failure("c")]))
    parts.finish()
    assert [path.name for path in part_files(tmp_path)] == ["part-00000.parquet", "part-00001.parquet"]
    assert ids_of(tmp_path) == ["a", "b", "c"]
    first, last = (pq.read_table(part).to_pylist() for part in part_files(tmp_path))
    assert (first[0]["total"], first[0]["n_phones"], first[0]["failure"]) == (4.5, 2, None)
    assert last[0]["failure"] == 'audio: with "model": in it'
    assert list(rows_of_parts(tmp_path)) == lines(*results("a", "b"), failure("c"))
    assert parts.n_failed == 1


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path):
    stopped = PartFolder(tmp_path, "{}", rows_per_part=2)
    stopped.add(rows("a", "b"))
    stopped.add(table_of_results([failure("c")]))
    stopped.close()
    with (tmp_path / "rows.jsonl").open("a") as open_rows:
        open_rows.write('{"id":"d","mod')
    with pytest.raises(OutputError, match="no finished run"):
        list(rows_of_parts(tmp_path))
    resumed = PartFolder(tmp_path, "{}", rows_per_part=2)
    assert (len(resumed.done), resumed.n_failed) == (3, 1)
    resumed.add(rows("d"))
    resumed.finish()
    assert ids_of(tmp_path) == ["a", "b", "c", "d"]


def test_rows_of_a_part_that_was_just_written_are_not_written_again(tmp_path: Path):
    parts = PartFolder(tmp_path, "{}", rows_per_part=2)
    parts.add(rows("a", "b"))
    parts.close()
    (tmp_path / "rows.jsonl").write_text("".join(line + "\n" for line in lines(*results("a", "b", "c"))))
    resumed = PartFolder(tmp_path, "{}", rows_per_part=2)
    resumed.finish()
    assert ids_of(tmp_path) == ["a", "b", "c"]


def test_a_second_row_of_a_clip_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    parts = PartFolder(tmp_path, "{}")
    parts.add(rows("a", "a"))
    parts.finish()
    assert ids_of(tmp_path) == ["a"]
    assert "a is in the list twice" in caplog.text


def test_a_folder_of_another_run_is_refused(tmp_path: Path):
    PartFolder(tmp_path, '{"model": "pocket"}').close()
    with pytest.raises(OutputError, match="belongs to a different run"):
        PartFolder(tmp_path, '{"model": "whisper"}')
    (tmp_path / "run.json").unlink()
    with pytest.raises(OutputError, match=r"results without a run\.json"):
        PartFolder(tmp_path, "{}")


def test_folders_are_unpacked_for_merging_and_leave_nothing(tmp_path: Path):
    parts = PartFolder(tmp_path / "run", "{}")
    parts.add(rows("a"))
    parts.finish()
    other = tmp_path / "b.jsonl"
    with unpacked([tmp_path / "run", other], beside=tmp_path / "out" / "all.csv") as files:
        assert files[1] == other
        assert files[0].read_text().splitlines() == lines(*results("a"))
    assert list((tmp_path / "out").iterdir()) == []
