"""Lists of clips in Parquet: paths, and clips inside, as data sets of Hugging Face have them."""

from pathlib import Path

import pytest
from support.fake_assessor import write_clip

from enunciate.clip_lists import read_clips
from enunciate.errors import ManifestError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def write(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path / "m.parquet", audio=["a.wav", "b.wav"], text=["so", None], id=["a", None], n=[1, 2]
    )
    first, second = read_clips(path)
    assert (first.id, first.audio, first.text) == ("a", tmp_path / "a.wav", "so")
    assert (second.id, second.text) == ("b.wav", None)


def test_clips_may_be_in_the_file(tmp_path: Path) -> None:
    content = write_clip(tmp_path / "a.wav").read_bytes()
    audio = [
        {"bytes": content, "path": "a.wav"},
        {"bytes": content, "path": None},
        {"bytes": None, "path": "a.wav"},
    ]
    clips = read_clips(write(tmp_path / "m.parquet", audio=audio, id=[None, None, "c"]))
    assert [clip.id for clip in clips] == ["a.wav", "row 2", "c"]
    assert [clip.audio for clip in clips] == [content, content, tmp_path / "a.wav"]


def test_a_row_that_is_wrong_is_told_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="row 2: 'audio' is missing"):
        read_clips(write(tmp_path / "m.parquet", audio=["a.wav", None]))
    with pytest.raises(ManifestError, match="lines 1 and 2 have the same id"):
        read_clips(write(tmp_path / "m.parquet", audio=["a.wav", "a.wav"]))
    (tmp_path / "m.parquet").write_text("audio\na.wav\n")
    with pytest.raises(ManifestError, match="cannot be read as Parquet"):
        read_clips(tmp_path / "m.parquet")


def test_what_datasets_writes_is_read(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    clip = write_clip(tmp_path / "a.wav")
    rows = datasets.Dataset.from_dict({"audio": [str(clip)], "text": ["so"]})
    rows.cast_column("audio", datasets.Audio(decode=False)).to_parquet(tmp_path / "m.parquet")
    (read,) = read_clips(tmp_path / "m.parquet")
    assert (read.audio if isinstance(read.audio, bytes) else read.audio.read_bytes()) == clip.read_bytes()
    assert read.text == "so"
