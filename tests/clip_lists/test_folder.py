"""Folders of clips with their texts beside them."""

from pathlib import Path

import pytest
from support.fake_assessor import write_clip

from enunciate.clip_lists.folder import read_folder
from enunciate.errors import ManifestError


def test_texts_are_in_txt_or_lab_files_beside_the_clips_at_any_depth(tmp_path: Path) -> None:
    for name in ("bob/2.wav", "ada/1.flac", "bob/1.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_clip(tmp_path / name)
    (tmp_path / "ada" / "1.txt").write_text("I think so,\n too.\n")
    (tmp_path / "bob" / "1.lab").write_text("\ufeffZoë", "utf-8")
    found = read_folder(tmp_path)
    assert [(clip.id, clip.text) for clip in found] == [
        ("ada/1.flac", "I think so, too."),
        ("bob/1.wav", "Zoë"),
        ("bob/2.wav", None),
    ]
    assert [clip.audio for clip in found] == [tmp_path / clip.id for clip in found]


def test_other_files_and_hidden_files_are_no_clips(tmp_path: Path) -> None:
    write_clip(tmp_path / "A.WAV")
    write_clip(tmp_path / "._A.WAV")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "folder.wav").mkdir()
    assert [clip.id for clip in read_folder(tmp_path)] == ["A.WAV"]


def test_a_clip_without_a_text_beside_it_gets_the_text_of_all(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.wav")
    write_clip(tmp_path / "b.wav")
    (tmp_path / "b.txt").write_text("\n")
    assert [clip.text for clip in read_folder(tmp_path, "hi")] == ["hi", "hi"]


def test_a_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.wav")
    (tmp_path / "a.txt").write_bytes("é".encode("latin-1"))
    with pytest.raises(ManifestError, match=r"a\.txt cannot be read .*UTF-8"):
        read_folder(tmp_path)
