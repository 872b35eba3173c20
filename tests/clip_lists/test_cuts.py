"""Files of cuts in the form of lhotse."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from enunciate.clip_lists import read_clips
from enunciate.errors import ManifestError


def cut(id: str, text: str | None = "I think so.", **changes: Any) -> dict[str, Any]:
    supervision = {"id": id, "recording_id": id, "start": 0, "duration": 2.9, "channel": 0, "speaker": "ada"}
    sources = [{"type": "file", "channels": [0], "source": f"clips/{id}.wav"}]
    return {
        "id": f"{id}-0",
        "start": 0,
        "duration": 2.9,
        "channel": 0,
        "supervisions": [supervision | ({} if text is None else {"text": text})],
        "recording": {"id": id, "sources": sources, "sampling_rate": 16_000, "duration": 2.9},
        "type": "MonoCut",
    } | changes


@pytest.mark.parametrize("name", ["cuts.jsonl", "cuts.jsonl.gz"])
def test_cuts_are_recognised_and_read(tmp_path: Path, name: str) -> None:
    text = "".join(f"{json.dumps(row)}\n" for row in (cut("a"), cut("b", text=None)))
    opener = gzip.open if name.endswith(".gz") else open
    with opener(tmp_path / name, "wt", encoding="utf-8") as file:
        file.write(text)
    first, second = read_clips(tmp_path / name)
    assert (first.id, first.audio, first.text) == ("a-0", Path("clips/a.wav"), "I think so.")
    assert (second.id, second.text) == ("b-0", None)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (cut("b", duration=1.0), "it is a part of its recording"),
        (cut("b", start=1.0), "it is a part of its recording"),
        (cut("b", type="MixedCut", recording=None), "it is a MixedCut without one recording"),
        (cut("b", recording={"sources": [{"type": "url"}]}), "not one file"),
        (cut("b", recording={}), "no 'sources'"),
        (cut("a"), "lines 1 and 2 have the same id"),
    ],
)
def test_a_cut_that_cannot_be_assessed_is_told_with_its_line(
    tmp_path: Path, bad: dict[str, Any], message: str
) -> None:
    (tmp_path / "cuts.jsonl").write_text(f"{json.dumps(cut('a'))}\n{json.dumps(bad)}\n")
    with pytest.raises(ManifestError, match=message):
        read_clips(tmp_path / "cuts.jsonl")


def test_what_lhotse_writes_is_read(tmp_path: Path) -> None:
    lhotse = pytest.importorskip("lhotse", reason="lhotse is not installed")
    from support.fake_assessor import write_clip

    recording = lhotse.Recording.from_file(write_clip(tmp_path / "a.wav"))
    supervision = lhotse.SupervisionSegment(
        id="a", recording_id=recording.id, start=0, duration=recording.duration, text="I think so."
    )
    written = lhotse.MonoCut(
        id="a",
        start=0,
        duration=recording.duration,
        channel=0,
        supervisions=[supervision],
        recording=recording,
    )
    lhotse.CutSet.from_cuts([written]).to_file(tmp_path / "cuts.jsonl.gz")
    (clip,) = read_clips(tmp_path / "cuts.jsonl.gz")
    assert (clip.id, clip.audio, clip.text) == ("a", tmp_path / "a.wav", "I think so.")
