"""Another system as a program: it is given a list of clips, and writes the file of its answers.

OUT/manifest.jsonl   the clips, as `enunciate assess --manifest` reads them, without any label:
                     {"id": "b1", "audio": "/corpus/WAVE/b1.wav", "text": "WE", "phones": "W IY0"}
OUT/answers.jsonl    what the program writes (`answers_file`)
OUT/program.json     the command, its time, and its largest memory
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import soundfile as sf  # pyright: ignore[reportMissingTypeStubs]

from enunciate.clip_lists.given_phones import cell_of_words
from enunciate.errors import OutputError
from enunciate.evaluation.outside import measured_command
from enunciate.evaluation.outside.measured_command import Measured
from enunciate.schema import Clip, FrozenModel, Utterance
from enunciate.storage import write_whole, writing_to

MANIFEST, ANSWERS, PROGRAM = "manifest.jsonl", "answers.jsonl", "program.json"
PLACEHOLDERS = ("{manifest}", "{out}")


class ProgramRun(FrozenModel):
    """The time and the memory that a program took."""

    command: tuple[str, ...]
    wall_s: float
    """Seconds from the start of the program to its end, its loading included."""
    cpu_s: float
    """Processor time, in seconds, of the program and of the programs that it started and waited for."""
    peak_memory_mb: float
    """The largest resident memory of a single one of its processes, in MB (1,000,000 bytes)."""
    n_clips: int


def arguments_of(command: str) -> list[str]:
    """Split a command as a shell would, without running one.

    Raises:
        OutputError: It lacks a placeholder, or has a quote that is not closed.
    """
    missing = [name for name in PLACEHOLDERS if name not in command]
    if missing:
        raise OutputError(
            f"--system '{command}' lacks {' and '.join(missing)}: these stand for the list of clips and the "
            "file of answers, as in --system 'python mine.py {manifest} {out}'"
        )
    try:
        return shlex.split(command)
    except ValueError as error:
        raise OutputError(f"--system '{command}' is not a command ({error})") from None


def run_program(command: str, utterances: Sequence[Utterance], folder: Path) -> ProgramRun:
    """Run a program over clips, unless it has finished in this folder with the same command already.

    Raises:
        OutputError: The program cannot be started, ends with an error, or writes no answers; or the folder
            holds the answers of another command.
    """
    arguments = arguments_of(command)
    done = folder / PROGRAM
    if done.is_file() and (folder / ANSWERS).is_file():
        earlier = ProgramRun.model_validate_json(done.read_bytes())
        if earlier.command != tuple(arguments):
            raise OutputError(
                f"{folder} has the answers of '{shlex.join(earlier.command)}': give another folder"
            )
        return earlier
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        rows = [_manifest_row(utterance, folder, n) for n, utterance in enumerate(utterances)]
        write_whole(folder / MANIFEST, "".join(f"{json.dumps(row)}\n" for row in rows))
    places = {"{manifest}": folder / MANIFEST, "{out}": folder / ANSWERS}
    filled = arguments
    for placeholder, path in places.items():
        filled = [part.replace(placeholder, str(path.resolve())) for part in filled]
    measured = _run(filled)
    if not (folder / ANSWERS).is_file():
        raise OutputError(f"'{command}' wrote no {folder / ANSWERS}: it must write its answers to {{out}}")
    ran = ProgramRun(
        command=tuple(arguments),
        wall_s=measured["wall_s"],
        cpu_s=measured["cpu_s"],
        peak_memory_mb=measured["peak_memory_mb"],
        n_clips=len(rows),
    )
    write_whole(done, ran.model_dump_json(indent=1) + "\n")
    return ran


def _manifest_row(utterance: Utterance, folder: Path, number: int) -> dict[str, str]:
    row = {"id": utterance.id, "audio": str(_audio_file(utterance, folder, number).resolve())}
    if utterance.text is not None:
        row["text"] = utterance.text
    if utterance.words:
        row["phones"] = cell_of_words(utterance.words)
    return row


def _audio_file(utterance: Utterance, folder: Path, number: int) -> Path:
    """Return the path of a clip; one in memory is written to a file first."""
    if isinstance(utterance.audio, Path):
        return utterance.audio
    path = folder / "clips" / f"{number:06d}.wav"
    path.parent.mkdir(exist_ok=True)
    if isinstance(utterance.audio, Clip):
        samples: Any = utterance.audio.samples  # of any type of number
        sf.write(path, samples, utterance.audio.sample_rate_hz)  # pyright: ignore[reportUnknownMemberType]
    else:
        path.write_bytes(utterance.audio)
    return path


def _run(arguments: Sequence[str]) -> Measured:
    """Run a command to its end, and measure it.

    Raises:
        OutputError: It cannot be started, or ends with an error.
    """
    measuring = [sys.executable, "-I", "-S", measured_command.__file__, *arguments]
    process = subprocess.Popen(measuring, stdout=subprocess.PIPE, start_new_session=True)
    try:
        output, _ = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    measured: Measured = json.loads(output or "{}")
    if "problem" in measured:
        raise OutputError(f"'{arguments[0]}' cannot be started ({measured['problem']}): check --system")
    if process.returncode != 0:
        raise OutputError(f"'{shlex.join(arguments)}' ended with code {process.returncode}: see its output")
    return measured
