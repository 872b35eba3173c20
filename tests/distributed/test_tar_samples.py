"""Clips in tars of WebDataset."""

from pathlib import Path

import pytest
from support.tars import write_tar

from enunciate.distributed.clip_fields import ListPlace
from enunciate.distributed.tar_samples import samples_of_tar, tars
from enunciate.errors import ManifestError

pytest.importorskip("fsspec")


def test_members_of_one_name_are_a_sample_and_others_are_ignored(tmp_path: Path):
    members = {"a/1.WAV": b"1", "a/1.txt": b"so", "a/1.png": b"?", "a/2.wav": b"2", "b.c/1.flac": b"3"}
    found = list(samples_of_tar(str(write_tar(tmp_path / "x.tar", **members))))
    assert [(one["id"], one["content"], one["text"]) for one in found] == [
        ("a/1", b"1", "so"), ("a/2", b"2", None), ("b.c/1", b"3", None),
    ]  # fmt: skip
    assert list(samples_of_tar(f"file://{tmp_path}/x.tar")) == found


def test_a_folder_has_its_tars_in_order(tmp_path: Path):
    for name in ("b.tar", "a.tar", "c.txt"):
        (tmp_path / name).touch()
    assert [Path(tar).name for tar in tars(ListPlace(str(tmp_path)))] == ["a.tar", "b.tar"]
    assert tars(ListPlace("s3://bucket/a.tar")) == ["s3://bucket/a.tar"]


def test_a_tar_that_ends_too_early_is_refused(tmp_path: Path):
    whole = write_tar(tmp_path / "x.tar", **{"1.wav": b"1" * 5000, "2.wav": b"2" * 5000})
    whole.write_bytes(whole.read_bytes()[:7000])
    with pytest.raises(ManifestError, match="cannot be read as a tar"):
        list(samples_of_tar(str(whole)))
