"""The process that holds an engine: it reads clips from its standard input and answers on its output.

Everything that touches the bytes of a stranger (decoders in C, above all) happens here, so that a crash or a
hang costs one process, which the service replaces. Nothing is read from disk but the weights.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import BinaryIO

import numpy as np

from enunciate.audio import SAMPLE_RATE_HZ, header_duration_s
from enunciate.engines import Assessor, BatchAssessor, load_assessor
from enunciate.errors import AudioTooLongError, EnunciateError, TextUnknownWordsError
from enunciate.schema import Assessment, Clip, Utterance
from enunciate.serve.azure import answer as azure
from enunciate.serve.workers import wire
from enunciate.serve.workers.wire import Hello, Job, Outcome

INTERNAL = "internal"


def run(load: Callable[[], Assessor], max_s: float) -> None:
    """Load an engine and serve until the other side closes the pipe.

    Args:
        load: gives the engine.
        max_s: longer clips are refused, by what their header says, before anything is decoded.
    """
    requests, answers = _take_streams()
    try:
        assessor = load()
    except EnunciateError as error:
        _send(answers, [Hello(error=str(error)).model_dump_json().encode()])
        return
    _warm_up(assessor)
    together = assessor.together if isinstance(assessor, BatchAssessor) else 1
    _send(answers, [Hello(model=assessor.name, together=together).model_dump_json().encode()])
    while (parts := wire.read(requests)) is not None:
        jobs = [Job.model_validate_json(part) for part in parts[::2]]
        answered = _assess(assessor, jobs, parts[1::2], max_s)
        _send(answers, [part for pair in answered for part in pair])


def _warm_up(assessor: Assessor) -> None:
    """Have loaded what an engine loads when it is first needed, so that no learner waits for it."""
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tone = Clip(samples=0.1 * np.sin(2 * np.pi * 220 * time_s), sample_rate_hz=SAMPLE_RATE_HZ)
    with contextlib.suppress(Exception):  # a tone is no speech, and an engine may say so
        assessor.assess([Utterance(id="", audio=tone)])


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes, taken away from standard input and output, which a library might read or print to.

    Signals that stop the service reach its whole process group: a worker finishes what it does, and stops
    when its pipe is closed.
    """
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)  # libsndfile prints what it thinks of some broken files, line after line
    os.close(nothing)
    return requests, answers


def _send(stream: BinaryIO, parts: Sequence[bytes]) -> None:
    stream.writelines(wire.pack(parts))
    stream.flush()


def _assess(
    assessor: Assessor, jobs: Sequence[Job], clips: Sequence[bytes], max_s: float
) -> list[tuple[bytes, bytes]]:
    """An outcome and a body for each clip. A bad clip takes its batch with it: then each goes alone."""
    try:
        for clip in clips:
            _check_length(header_duration_s(clip) or 0.0, max_s)
        assessments = assessor.assess([*map(_utterance, jobs, clips)])
        for assessment in assessments:  # where a header lied
            _check_length(assessment.duration_s, max_s)
        return [_answer(job, assessment) for job, assessment in zip(jobs, assessments, strict=True)]
    except Exception as error:
        if len(jobs) > 1:
            return [_assess(assessor, [job], [clip], max_s)[0] for job, clip in zip(jobs, clips, strict=True)]
        return [_failure(error, clips[0])]


def _check_length(duration_s: float, max_s: float) -> None:
    if duration_s > max_s:
        raise AudioTooLongError(
            f"the clip lasts {duration_s:.1f} s, longer than {max_s:g} s: cut it into sentences"
        )


def _utterance(job: Job, clip: bytes) -> Utterance:
    return Utterance(id=job.id, audio=clip, text=job.text, words=job.words)


def _answer(job: Job, assessment: Assessment) -> tuple[bytes, bytes]:
    outcome = Outcome(duration_s=assessment.duration_s)
    if job.azure is not None:
        body = json.dumps(azure.answer(assessment, job.azure), ensure_ascii=False)
    else:
        body = assessment.model_dump_json()
    return outcome.model_dump_json().encode(), body.encode()


def _failure(error: Exception, clip: bytes) -> tuple[bytes, bytes]:
    if isinstance(error, EnunciateError):
        duration_s = header_duration_s(clip) or 0.0
        outcome = Outcome(error=error.code, message=_said(error), duration_s=duration_s)
    else:
        print(bug_line(error), file=sys.stderr, flush=True)
        outcome = Outcome(error=INTERNAL)
    return outcome.model_dump_json().encode(), b""


def _said(error: EnunciateError) -> str:
    """What an error says, without the advice that is for the command line."""
    if isinstance(error, TextUnknownWordsError):
        example = error.words[0].lower()
        return (
            f"not in the dictionary: {', '.join(error.words)}. Check the spelling, or give a pronunciation, "
            f"as in '{example}{{T AH M EY T OW}}'"
        )
    return str(error)


def bug_line(error: BaseException) -> str:
    """What a log may hold of a bug: the message of an exception can have what a learner was to read in it."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return f"bug: {type(error).__name__} at {' < '.join(reversed(places))}"


def main() -> None:
    """Run as `python -m enunciate.serve.workers.worker MODEL MAX_S`."""
    model, max_s = sys.argv[1:]
    run(lambda: load_assessor(model), float(max_s))


if __name__ == "__main__":
    main()
