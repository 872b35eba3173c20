"""Lists of any kind, and lists made of paths."""

import json
from pathlib import Path

import pytest
from support.fake_assessor import write_clip

from enunciate.clip_lists import read_clips, utterances_from
from enunciate.errors import ManifestError


def test_the_same_clips_can_be_listed_in_three_ways(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    write_clip(folder / "a.wav")
    (folder / "a.txt").write_text("I think so")
    (tmp_path / "list.jsonl").write_text(
        json.dumps({"audio": "clips/a.wav", "text": "I think so", "id": "a.wav"})
    )
    (tmp_path / "list.csv").write_text("audio,text,id\nclips/a.wav,I think so,a.wav\n")
    (tmp_path / "list.TSV").write_text("id\taudio\ttext\na.wav\tclips/a.wav\tI think so\n")
    (wanted,) = read_clips(tmp_path / "list.jsonl")
    for other in ("clips", "list.csv", "list.TSV"):
        assert read_clips(tmp_path / other) == [wanted]


def test_a_path_given_twice_is_assessed_once() -> None:
    assert [u.id for u in utterances_from([Path("a.wav"), Path("b.wav"), Path("a.wav")], "hi")] == [
        "a.wav",
        "b.wav",
    ]


def test_a_folder_among_the_paths_stands_for_its_clips(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    first, second = write_clip(tmp_path / "in" / "1.wav"), write_clip(tmp_path / "in" / "2.wav")
    (tmp_path / "in" / "2.lab").write_text("so")
    single = write_clip(tmp_path / "a.wav")
    found = utterances_from([single, tmp_path / "in", first], "hi")
    assert [(clip.id, clip.text) for clip in found] == [
        (str(single), "hi"),
        (str(first), "hi"),
        (str(second), "so"),
    ]


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"has no clips: their names end in .*wav"):
        utterances_from([tmp_path], None)
