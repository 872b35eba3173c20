"""A program is given the clips without their labels, and its answers, time and memory are kept."""

import json
import sys

import numpy as np
import pytest
from support.evaluation_cases import make_utterance

from enunciate.clip_lists import read_clips
from enunciate.errors import OutputError
from enunciate.evaluation.outside.program import ANSWERS, MANIFEST, PROGRAM, run_program
from enunciate.schema import Clip

CLIPS = [make_utterance(id, human=6, speaker=id) for id in ("u1", "u2")]
COPY = """
import json, sys
big = bytearray(50_000_000)
with open(sys.argv[1]) as clips, open(sys.argv[2], "w") as out:
    for line in clips:
        out.write(json.dumps({"id": json.loads(line)["id"], "total": 5}) + chr(10))
"""


def command(folder, source, placeholders="{manifest} {out}"):
    (folder / "program.py").write_text(source)
    return f"{sys.executable} {folder / 'program.py'} {placeholders}"


def test_the_list_has_what_may_be_known_of_a_clip_and_no_label(tmp_path):
    run_program(command(tmp_path, COPY), CLIPS, tmp_path / "out")
    first = json.loads((tmp_path / "out" / MANIFEST).read_text().splitlines()[0])
    assert first.keys() == {"id", "audio", "text", "phones"}
    (read, _) = read_clips(tmp_path / "out" / MANIFEST)
    assert (read.id, read.text, read.words[0].phones) == ("u1", "word", ("K", "AE1", "T"))
    assert read.words[0].phone_scores is None and read.scores is None


def test_its_time_and_memory_are_kept(tmp_path):
    ran = run_program(command(tmp_path, COPY), CLIPS, tmp_path / "out")
    assert len((tmp_path / "out" / ANSWERS).read_text().splitlines()) == ran.n_clips == 2
    assert ran.wall_s > 0 and ran.peak_memory_mb > 50
    small = run_program(command(tmp_path, COPY.replace("50_000_000", "0")), CLIPS, tmp_path / "small")
    assert small.peak_memory_mb < 45, "the memory of this process is not counted"
    assert json.loads((tmp_path / "out" / PROGRAM).read_text())["n_clips"] == 2


def test_a_program_that_has_finished_is_not_run_again(tmp_path):
    once = command(tmp_path, COPY)
    run_program(once, CLIPS, tmp_path / "out")
    (tmp_path / "program.py").write_text("raise SystemExit(1)")
    assert run_program(once, CLIPS, tmp_path / "out").n_clips == 2
    with pytest.raises(OutputError, match="has the answers of"):
        run_program(f"{once} --other", CLIPS, tmp_path / "out")


def test_a_clip_in_memory_becomes_a_file(tmp_path):
    clip = Clip(samples=np.zeros(1_600, dtype=np.float32), sample_rate_hz=16_000)
    run_program(command(tmp_path, COPY), [CLIPS[0].model_copy(update={"audio": clip})], tmp_path / "out")
    (read,) = read_clips(tmp_path / "out" / MANIFEST)
    assert read.audio.is_file()


@pytest.mark.parametrize(
    ("source", "placeholders", "message"),
    [
        ("raise SystemExit(3)", "{manifest} {out}", "ended with code 3"),
        ("", "{manifest} {out}", "wrote no .*answers.jsonl"),
        ("", "{manifest}", r"lacks \{out\}"),
        ("", "{manifest} '{out}", "is not a command"),
    ],
)
def test_a_program_that_fails_is_told(tmp_path, source, placeholders, message):
    with pytest.raises(OutputError, match=message):
        run_program(command(tmp_path, source, placeholders), CLIPS, tmp_path / "out")
    assert not (tmp_path / "out" / PROGRAM).exists()


def test_a_program_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(OutputError, match="'no-such-program' cannot be started"):
        run_program("no-such-program {manifest} {out}", CLIPS, tmp_path / "out")
