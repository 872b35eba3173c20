"""Results of the shares of a list become those of the list."""

from pathlib import Path

import pytest
from support.fake_assessor import FakeAssessor, write_clip

from enunciate.clip_lists import Shard
from enunciate.errors import OutputError
from enunciate.manifest import assess_to_file
from enunciate.merging import merge_rows
from enunciate.schema import Utterance


@pytest.fixture
def clips(tmp_path: Path) -> list[Utterance]:
    """Eight clips, of which one does not exist."""
    for n in range(7):
        write_clip(tmp_path / f"{n}.wav")
    return [Utterance(id=f"c{n}", audio=tmp_path / f"{n}.wav", text="I think so") for n in range(8)]


def shares(clips: list[Utterance], folder: Path, count: int = 3) -> list[Path]:
    paths = [folder / f"part-{number}.jsonl" for number in range(1, count + 1)]
    for number, path in enumerate(paths, start=1):
        assess_to_file(FakeAssessor(), Shard(number, count).of(clips), path)
    return paths


def test_the_merged_rows_are_byte_for_byte_those_of_one_run(clips: list[Utterance], tmp_path: Path) -> None:
    assess_to_file(FakeAssessor(), clips, tmp_path / "whole.jsonl")
    counts = merge_rows(shares(clips, tmp_path), tmp_path / "merged.jsonl", [clip.id for clip in clips])
    assert (tmp_path / "merged.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert (counts.n_clips, counts.n_failed) == (8, 1)


def test_without_a_list_the_rows_keep_the_order_of_the_parts(clips: list[Utterance], tmp_path: Path) -> None:
    parts = shares(clips, tmp_path)
    merge_rows(parts, tmp_path / "merged.jsonl")
    joined = b"".join(part.read_bytes() for part in parts)
    assert (tmp_path / "merged.jsonl").read_bytes() == joined


def test_a_clip_that_is_missing_there_twice_or_not_of_the_list_is_told(
    clips: list[Utterance], tmp_path: Path
) -> None:
    parts, out = shares(clips, tmp_path), tmp_path / "merged.jsonl"
    ids = [clip.id for clip in clips]
    with pytest.raises(OutputError, match="of 8 clips have no row, such as c"):
        merge_rows(parts[:2], out, ids)
    with pytest.raises(OutputError, match=r"has two rows, in .*part-1.* and in .*part-1"):
        merge_rows([parts[0], parts[0]], out)
    with pytest.raises(OutputError, match="1 rows are of other clips, such as c0"):
        merge_rows(parts, out, ids[1:])
    assert not out.exists()


def test_a_part_that_was_cut_off_or_is_of_another_model_is_refused(
    clips: list[Utterance], tmp_path: Path
) -> None:
    parts, out = shares(clips, tmp_path), tmp_path / "merged.jsonl"
    whole = parts[0].read_bytes()
    parts[0].write_bytes(whole[:-20])
    with pytest.raises(OutputError, match="not a whole row of results: rerun"):
        merge_rows(parts, out)
    parts[0].write_bytes(whole.replace(b'"fake 1"', b'"fake 2"'))
    with pytest.raises(OutputError, match=r"made by fake 2, and .* by fake 1"):
        merge_rows(parts, out)
    with pytest.raises(OutputError, match="is one of the parts"):
        merge_rows(parts, parts[1])
    with pytest.raises(OutputError, match="cannot be read"):
        merge_rows([tmp_path / "none.jsonl"], out)
