"""Manifests in JSON lines."""

from pathlib import Path

import pytest

from enunciate.clip_lists.json_lines import read_json_lines
from enunciate.errors import ManifestError


def test_audio_is_relative_to_the_manifest_and_id_and_text_are_optional(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(
        '\ufeff{"audio": "a/1.wav"}\n\n{"audio": "/b/2.wav", "text": "Zoë", "id": "two"}', "utf-8"
    )
    first, second = read_json_lines(path)
    assert (first.id, first.audio, first.text) == ("a/1.wav", tmp_path / "a" / "1.wav", None)
    assert (second.id, second.audio, second.text) == ("two", Path("/b/2.wav"), "Zoë")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"audio": "a.wav"}\nnot json\n', r"line 2: .*JSON"),
        (
            '{"audio": "a.wav"}\n\n{"text": "hello"}',
            r"line 3: 'audio' is missing\. Write the line like",
        ),
        ('{"audio": "a.wav", "text": 5}', r"line 1: text: .*string"),
        ('{"audio": ""}', "line 1: audio: .*at least 1"),
        ('["a.wav"]', "line 1: "),
        ('{"audio": "a.wav"}\n{"audio": "b.wav", "id": "a.wav"}', r"lines 1 and 2 have the same id 'a\.wav'"),
        ("\n\n", "no clips"),
    ],
)
def test_a_broken_manifest_names_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(content)
    with pytest.raises(ManifestError, match=message) as caught:
        read_json_lines(path)
    assert "\n" not in str(caught.value)


def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"there is no file .*none\.jsonl"):
        read_json_lines(tmp_path / "none.jsonl")
    with pytest.raises(ManifestError, match="cannot be read"):
        read_json_lines(tmp_path)
    (tmp_path / "latin.jsonl").write_bytes('{"audio": "é.wav"}'.encode("latin-1"))
    with pytest.raises(ManifestError, match="UTF-8"):
        read_json_lines(tmp_path / "latin.jsonl")


def test_other_keys_are_ignored_with_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"audio": "a.wav", "txt": "hello"}\n{"audio": "b.wav", "txt": "so", "total": 5}\n')
    assert [clip.text for clip in read_json_lines(path)] == [None, None]
    (warning,) = caplog.records
    assert warning.getMessage() == f"{path}: keys that are not used: txt, total"


def test_the_phones_of_a_text_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"audio": "a.wav", "text": "I so", "phones": "ay1 | S OW"}\n')
    (clip,) = read_json_lines(path)
    assert clip.words is not None
    assert [(word.text, word.phones) for word in clip.words] == [("I", ("AY1",)), ("so", ("S", "OW"))]
    path.write_text('{"audio": "a.wav", "phones": "AY |"}\n{"audio": "b.wav"}\n')
    with pytest.raises(ManifestError, match=r"line 1: phones: .*no phones"):
        read_json_lines(path)
    path.write_text('{"audio": "a.wav", "phones": "XX"}\n')
    with pytest.raises(ManifestError, match=r"line 1: phones: .*not ARPAbet phones: XX"):
        read_json_lines(path)
