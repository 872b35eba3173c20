"""Many clips: manifests, bad clips, and runs that are stopped and resumed."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.fake_assessor import FakeAssessor, write_clip
from support.paths import SOURCE

from enunciate.cli.ipa import in_ipa
from enunciate.errors import ManifestError, OutputError
from enunciate.manifest import RunCounts, assess_to_file, assess_to_stream, read_manifest, utterances_from
from enunciate.schema import Assessment


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Five clips in a folder beside the manifest, of which the third is missing."""
    (tmp_path / "clips").mkdir()
    lines = []
    for n in range(5):
        if n != 2:
            write_clip(tmp_path / "clips" / f"{n}.wav")
        lines.append(json.dumps({"audio": f"clips/{n}.wav", "text": "I think so", "id": f"clip{n}"}))
    path = tmp_path / "clips.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


# ---------------------------------------------------------------------------------------- manifests


def test_audio_is_relative_to_the_manifest_and_id_and_text_are_optional(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(
        '\ufeff{"audio": "a/1.wav"}\n\n{"audio": "/b/2.wav", "text": "Zoë", "id": "two"}', "utf-8"
    )
    first, second = read_manifest(path)
    assert (first.id, first.audio, first.text) == ("a/1.wav", tmp_path / "a" / "1.wav", None)
    assert (second.id, second.audio, second.text) == ("two", Path("/b/2.wav"), "Zoë")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"audio": "a.wav"}\nnot json\n', r"line 2: .*JSON"),
        (
            '{"audio": "a.wav"}\n\n{"text": "hello"}',
            r"line 3: audio: Field required\. Write the line like",
        ),
        ('{"audio": "a.wav", "txt": "hello"}', r"line 1: txt: Extra inputs"),
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
        read_manifest(path)
    assert "\n" not in str(caught.value)


def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"audio": "é.wav"}'.encode("latin-1"))
    with pytest.raises(ManifestError, match="UTF-8"):
        read_manifest(tmp_path / "latin.jsonl")


def test_a_path_given_twice_is_assessed_once() -> None:
    assert [u.id for u in utterances_from([Path("a.wav"), Path("b.wav"), Path("a.wav")], "hi")] == [
        "a.wav",
        "b.wav",
    ]


# ----------------------------------------------------------------------------------------- assessing


def test_rows_are_assessments_and_a_bad_clip_costs_no_other(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out.jsonl"
    calls: list[tuple[int, int]] = []
    counts = assess_to_file(
        FakeAssessor(),
        read_manifest(manifest),
        out,
        progress=lambda done, total: calls.append((done, total)),
    )
    written = rows(out)
    assert [row["id"] for row in written] == [f"clip{n}" for n in range(5)]
    assert written[2] == {
        "id": "clip2",
        "audio": str(tmp_path / "clips" / "2.wav"),
        "error": {"code": "audio_not_found", "message": written[2]["error"]["message"]},
    }
    assert "there is no such file" in written[2]["error"]["message"]
    assert Assessment.model_validate(written[0]).text == "I think so"
    assert counts == RunCounts(n_clips=5, n_kept=0, n_failed=1)
    assert calls == [(n, 5) for n in range(6)]


def test_rows_can_go_to_a_stream_and_in_another_form(manifest: Path) -> None:
    lines = io.StringIO()
    counts = assess_to_stream(FakeAssessor(), read_manifest(manifest), lines, convert=in_ipa)
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert counts.n_failed == 1
    assert [phone["phone"] for phone in written[0]["phones"]][1:3] == ["θ", "ɪ"]
    assert "error" in written[2]


def test_a_stopped_run_resumes_where_it_was(manifest: Path, tmp_path: Path) -> None:
    utterances, out, whole = read_manifest(manifest), tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    assess_to_file(FakeAssessor(), utterances, whole)
    with pytest.raises(KeyboardInterrupt):
        assess_to_file(FakeAssessor(stop_before="clip3"), utterances, out)
    assert len(rows(out)) == 3
    second = FakeAssessor()
    assert assess_to_file(second, utterances, out) == RunCounts(n_clips=5, n_kept=3, n_failed=1)
    assert second.assessed == ["clip3", "clip4"]
    assert out.read_bytes() == whole.read_bytes()
    third = FakeAssessor()
    assert assess_to_file(third, utterances, out) == RunCounts(n_clips=5, n_kept=5, n_failed=1)
    assert third.assessed == []


@pytest.mark.parametrize("n_lost", [1, 2, 400])
def test_a_truncated_last_row_is_assessed_again(manifest: Path, tmp_path: Path, n_lost: int) -> None:
    out = tmp_path / "out.jsonl"
    assess_to_file(FakeAssessor(), read_manifest(manifest), out)
    complete = out.read_bytes()
    out.write_bytes(complete[:-n_lost])
    again = FakeAssessor()
    assess_to_file(again, read_manifest(manifest), out)
    assert again.assessed == ["clip4"]
    assert out.read_bytes() == complete


def test_a_killed_process_resumes_where_it_was(manifest: Path, tmp_path: Path) -> None:
    out, whole = tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    code = (
        "import sys; from pathlib import Path; from support.fake_assessor import FakeAssessor;"
        "from enunciate.manifest import assess_to_file, read_manifest;"
        "assess_to_file(FakeAssessor(delay_s=0.3), read_manifest(Path(sys.argv[1])), Path(sys.argv[2]))"
    )
    paths = os.pathsep.join([str(SOURCE), str(Path(__file__).parent)])
    running = subprocess.Popen(
        [sys.executable, "-c", code, manifest, out], env=os.environ | {"PYTHONPATH": paths}
    )
    give_up = time.monotonic() + 60
    while not (out.exists() and out.read_bytes().count(b"\n") >= 2):
        assert time.monotonic() < give_up and running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    before = rows(out)
    assert 2 <= len(before) < 5
    second = FakeAssessor()
    assess_to_file(second, read_manifest(manifest), out)
    assert not {row["id"] for row in before} & set(second.assessed)
    assess_to_file(FakeAssessor(), read_manifest(manifest), whole)
    assert out.read_bytes() == whole.read_bytes()


# -------------------------------------------------------------------------------- what is in the way


@pytest.mark.parametrize("content", ["notes of mine, no newline", "notes of mine\nmore\n", "{}\n", "7\n"])
def test_a_file_of_another_kind_is_not_touched(manifest: Path, tmp_path: Path, content: str) -> None:
    out = tmp_path / "out.txt"
    out.write_text(content)
    with pytest.raises(OutputError, match=r"out\.txt"):
        assess_to_file(FakeAssessor(), read_manifest(manifest), out)
    assert out.read_text() == content


def test_the_file_of_other_clips_another_text_or_another_model_is_refused(
    manifest: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    utterances = read_manifest(manifest)
    assess_to_file(FakeAssessor(), utterances, out)
    before = out.read_bytes()
    with pytest.raises(OutputError, match="different run: its clip clip0 is not one of those given"):
        assess_to_file(FakeAssessor(), utterances[1:], out)
    other = [utterances[0].model_copy(update={"text": "hello"}), *utterances[1:]]
    with pytest.raises(OutputError, match="different run: clip0 had another text"):
        assess_to_file(FakeAssessor(), other, out)
    with pytest.raises(OutputError, match="different run: it was made by fake 1, and this is fake 2"):
        assess_to_file(FakeAssessor(name="fake 2"), utterances, out)
    assert out.read_bytes() == before


def test_an_output_that_cannot_be_written_is_our_error(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write to"):
        assess_to_file(FakeAssessor(), read_manifest(manifest), tmp_path)
    with pytest.raises(OutputError, match="cannot write to"):
        assess_to_file(FakeAssessor(), read_manifest(manifest), manifest / "out.jsonl")


def test_a_bug_is_not_taken_for_a_bad_clip(manifest: Path, tmp_path: Path) -> None:
    class Broken(FakeAssessor):
        def assess(self, utterances):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        assess_to_file(Broken(), read_manifest(manifest), tmp_path / "out.jsonl")


class Together(FakeAssessor):
    """Gains from three at once."""

    batch_size = 3

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def assess(self, utterances):
        self.sizes.append(len(utterances))
        return super().assess(utterances)


def test_an_engine_that_gains_from_batches_gets_them_and_a_bad_clip_costs_no_other(manifest: Path) -> None:
    engine, lines = Together(), io.StringIO()
    counts = assess_to_stream(engine, read_manifest(manifest), lines)
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [row["id"] for row in written] == [f"clip{n}" for n in range(5)]
    assert [row["id"] for row in written if "error" in row] == ["clip2"]
    assert counts == RunCounts(n_clips=5, n_kept=0, n_failed=1)
    assert engine.sizes == [3, 1, 1, 1, 2]  # the third clip is missing: its batch goes one by one
