"""Many clips: manifests, bad clips, and runs that are stopped and resumed."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from support.fake_assessor import FakeAssessor, write_clip
from support.paths import SOURCE

from enunciate.assembly.ipa import in_ipa
from enunciate.clip_lists import read_clips
from enunciate.errors import OutputError
from enunciate.manifest import RunCounts, assess_to_file, assess_to_stream, write_json_line
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


# ----------------------------------------------------------------------------------------- assessing


def test_rows_are_assessments_and_a_bad_clip_costs_no_other(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out.jsonl"
    calls: list[tuple[int, int]] = []
    counts = assess_to_file(
        FakeAssessor(),
        read_clips(manifest),
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
    counts = assess_to_stream(
        FakeAssessor(), read_clips(manifest), partial(write_json_line, lines), convert=in_ipa
    )
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert counts.n_failed == 1
    assert [phone["phone"] for phone in written[0]["phones"]][1:3] == ["θ", "ɪ"]
    assert "error" in written[2]


def test_a_stopped_run_resumes_where_it_was(manifest: Path, tmp_path: Path) -> None:
    utterances, out, whole = read_clips(manifest), tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
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
    assess_to_file(FakeAssessor(), read_clips(manifest), out)
    complete = out.read_bytes()
    out.write_bytes(complete[:-n_lost])
    again = FakeAssessor()
    assess_to_file(again, read_clips(manifest), out)
    assert again.assessed == ["clip4"]
    assert out.read_bytes() == complete


def test_a_killed_process_resumes_where_it_was(manifest: Path, tmp_path: Path) -> None:
    out, whole = tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    code = (
        "import sys; from pathlib import Path; from support.fake_assessor import FakeAssessor;"
        "from enunciate.clip_lists import read_clips; from enunciate.manifest import assess_to_file;"
        "assess_to_file(FakeAssessor(delay_s=0.3), read_clips(Path(sys.argv[1])), Path(sys.argv[2]))"
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
    assess_to_file(second, read_clips(manifest), out)
    assert not {row["id"] for row in before} & set(second.assessed)
    assess_to_file(FakeAssessor(), read_clips(manifest), whole)
    assert out.read_bytes() == whole.read_bytes()


# -------------------------------------------------------------------------------- what is in the way


@pytest.mark.parametrize("content", ["notes of mine, no newline", "notes of mine\nmore\n", "{}\n", "7\n"])
def test_a_file_of_another_kind_is_not_touched(manifest: Path, tmp_path: Path, content: str) -> None:
    out = tmp_path / "out.txt"
    out.write_text(content)
    with pytest.raises(OutputError, match=r"out\.txt"):
        assess_to_file(FakeAssessor(), read_clips(manifest), out)
    assert out.read_text() == content


def test_the_file_of_other_clips_another_text_or_another_model_is_refused(
    manifest: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    utterances = read_clips(manifest)
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
        assess_to_file(FakeAssessor(), read_clips(manifest), tmp_path)
    with pytest.raises(OutputError, match="cannot write to"):
        assess_to_file(FakeAssessor(), read_clips(manifest), manifest / "out.jsonl")


def test_a_bug_is_not_taken_for_a_bad_clip(manifest: Path, tmp_path: Path) -> None:
    class Broken(FakeAssessor):
        def assess(self, utterances):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        assess_to_file(Broken(), read_clips(manifest), tmp_path / "out.jsonl")


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
    counts = assess_to_stream(engine, read_clips(manifest), partial(write_json_line, lines))
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [row["id"] for row in written] == [f"clip{n}" for n in range(5)]
    assert [row["id"] for row in written if "error" in row] == ["clip2"]
    assert counts == RunCounts(n_clips=5, n_kept=0, n_failed=1)
    assert engine.sizes == [
        3,
        2,
        1,
        1,
    ]  # the third clip is missing: its batch, the last, goes one by one
