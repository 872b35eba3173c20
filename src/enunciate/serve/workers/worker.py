"""The process that holds an engine: it reads clips from its standard input and replies on its output.

Everything that parses untrusted audio (above all, decoders written in C) runs here, so that a crash or a hang
costs one process, which the service replaces. Nothing is read from disk except the weights.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from enunciate.assembly.ipa import in_ipa
from enunciate.audio import decoded_duration_s, header_duration_s
from enunciate.engines import Assessor, StreamingAssessor, answer_each, load_assessor
from enunciate.errors import AudioTooLongError, EnunciateError, TextUnknownWordsError
from enunciate.schema import Assessment, PhraseResult, Utterance
from enunciate.serve.azure import response as azure
from enunciate.serve.azure.phrase import phrase_bodies
from enunciate.serve.listening.reading_progress import n_unsaid
from enunciate.serve.service_log import log_bug, logging_to_stderr
from enunciate.serve.workers import messages
from enunciate.serve.workers.decoding import samples_from
from enunciate.serve.workers.messages import INTERNAL, ClipJob, ClipOutcome, WorkerHello
from enunciate.serve.workers.warm_up import warm_up

_Result = TypeVar("_Result", Assessment, PhraseResult)
COMPILED = (1, 3)
"""Batches that have an engine compile all that it compiles: one clip, and more than it appends text to."""


class _EngineBugError(EnunciateError):
    """The engine raised an exception that is not an `EnunciateError`, which is the cause of this one."""

    code = INTERNAL


@dataclass(frozen=True)
class _Heard:
    """An assessment, and its phrases where they were asked for."""

    assessment: Assessment
    phrases: tuple[PhraseResult, ...] = ()


def run(load: Callable[[], Assessor], max_clip_s: float, first_batches: Sequence[int] = (1,)) -> None:
    """Load an engine, and assess clips until the service closes the pipe.

    Args:
        load: returns the engine.
        max_clip_s: longer clips are refused, before they are decoded if their header says so.
        first_batches: how many clips the engine answers together, in turn, before it is ready.
    """
    requests, replies = _take_streams()
    with logging_to_stderr():
        try:
            assessor = load()
        except EnunciateError as error:
            _send(replies, [WorkerHello(error=str(error)).model_dump_json().encode()])
            return
        warm_up(assessor, first_batches)
        _send(
            replies,
            [WorkerHello(model=assessor.name, batch_size=assessor.batch_size).model_dump_json().encode()],
        )
        while (parts := messages.read(requests)) is not None:
            jobs = [ClipJob.model_validate_json(part) for part in parts[::2]]
            replied = _reply(assessor, jobs, parts[1::2], max_clip_s)
            _send(replies, [part for pair in replied for part in pair])


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes, taken away from standard input and output, which a library might read or print to.

    Signals that stop the service reach its whole process group. A worker ignores them: it finishes its batch,
    and stops when its pipe is closed.
    """
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)  # libsndfile prints a line for each oddity of some broken files
    os.close(nothing)
    return requests, replies


def _send(stream: BinaryIO, parts: Sequence[bytes]) -> None:
    stream.writelines(messages.pack(parts))
    stream.flush()


def _reply(
    assessor: Assessor, jobs: Sequence[ClipJob], clips: Sequence[bytes], max_clip_s: float
) -> list[tuple[bytes, bytes]]:
    """Return an outcome and a body for each clip, whether it is to be assessed or decoded alone."""
    pairs = list(zip(jobs, clips, strict=True))
    assessed = [(job, clip) for job, clip in pairs if job.samples_from_s is None]
    answers: Iterator[tuple[bytes, bytes]] = iter(())
    if assessed:
        batch, sounds = [job for job, _ in assessed], [clip for _, clip in assessed]
        answers = iter(_assess(assessor, batch, sounds, max_clip_s))
    return [
        next(answers) if job.samples_from_s is None else samples_from(clip, job.samples_from_s, max_clip_s)
        for job, clip in pairs
    ]


def _assess(
    assessor: Assessor, jobs: Sequence[ClipJob], clips: Sequence[bytes], max_clip_s: float
) -> list[tuple[bytes, bytes]]:
    """Return an outcome and a body for each clip; a bad clip, or one that reveals a bug, fails alone."""
    by_phrase = any(job.by_lines and job.by_phrase for job in jobs)

    def answer(batch: Sequence[Utterance]) -> list[_Heard]:
        try:
            for utterance in batch:
                _check_length(_declared_s(utterance), max_clip_s)
                _check_length(_decoded_s(utterance, max_clip_s), max_clip_s)  # headers can be wrong
            if by_phrase and isinstance(assessor, StreamingAssessor):
                return [_by_phrase(assessor, utterance) for utterance in batch]
            return [_Heard(assessment) for assessment in assessor.assess(batch)]
        except EnunciateError:
            raise
        except Exception as bug:
            raise _EngineBugError from bug

    utterances = [
        Utterance(
            id=job.id,
            audio=clip,
            text=job.text,
            words=job.words,
            accent=job.accent,
            lexicon=job.lexicon,
            n_candidates=job.azure.n_best_phoneme_count if job.azure else 0,
        )
        for job, clip in zip(jobs, clips, strict=True)
    ]
    answers = answer_each(answer, utterances)
    return [
        _failure(answered, utterance) if isinstance(answered, EnunciateError) else _success(answered, job)
        for answered, job, utterance in zip(answers, jobs, utterances, strict=True)
    ]


def _declared_s(utterance: Utterance) -> float:
    """Return the length of a clip by its header, in seconds; 0 if that is unknown."""
    assert isinstance(utterance.audio, bytes)
    return header_duration_s(utterance.audio) or 0.0


def _decoded_s(utterance: Utterance, longest_s: float) -> float:
    """Return the length of a clip by its samples, in seconds."""
    assert isinstance(utterance.audio, bytes)
    return decoded_duration_s(utterance.audio, longest_s)


def _check_length(duration_s: float, max_clip_s: float) -> None:
    if duration_s > max_clip_s:
        raise AudioTooLongError(
            f"the clip lasts {duration_s:.1f} s, longer than {max_clip_s:g} s: cut it into parts"
        )


def _by_phrase(assessor: StreamingAssessor, utterance: Utterance) -> _Heard:
    phrases: list[PhraseResult] = []
    *results, whole = assessor.assess_stream(utterance)
    assert isinstance(whole, Assessment)
    for result in results:
        assert isinstance(result, PhraseResult)
        phrases[result.index :] = [result]
    return _Heard(whole, tuple(phrases))


def _success(heard: _Heard, job: ClipJob) -> tuple[bytes, bytes]:
    assessment = heard.assessment
    outcome = ClipOutcome(
        duration_s=assessment.duration_s,
        n_unsaid=n_unsaid(assessment.words),
        speech_end_s=max((word.end_s or 0.0 for word in assessment.words), default=0.0),
    )
    if job.by_lines:
        body = "\n".join(_lines(heard, job))
    elif job.azure is not None:
        body = json.dumps(azure.response(assessment, job.azure), ensure_ascii=False)
    else:
        body = _shown(assessment, job).model_dump_json()
    return outcome.model_dump_json().encode(), body.encode()


def _lines(heard: _Heard, job: ClipJob) -> Iterator[str]:
    """Yield the JSON objects of an answer by lines."""
    phrases = heard.phrases if job.by_phrase else ()
    if job.azure is not None:
        for fields in phrase_bodies(heard.assessment, phrases, job.azure, job.start_s):
            yield json.dumps(fields, ensure_ascii=False)
        return
    for phrase in phrases:
        yield f'{{"phrase":{_shown(phrase, job).model_dump_json()}}}'
    yield f'{{"assessment":{_shown(heard.assessment, job).model_dump_json()}}}'


def _shown(result: _Result, job: ClipJob) -> _Result:
    """Return a result with the symbols that are asked for."""
    return in_ipa(result) if job.ipa else result


def _failure(error: EnunciateError, utterance: Utterance) -> tuple[bytes, bytes]:
    if isinstance(error, _EngineBugError):
        assert error.__cause__ is not None
        log_bug(error.__cause__)
        outcome = ClipOutcome(error=INTERNAL)
    else:
        outcome = ClipOutcome(error=error.code, message=_message(error), duration_s=_declared_s(utterance))
    return outcome.model_dump_json().encode(), b""


def _message(error: EnunciateError) -> str:
    """Return the message of an error without advice that applies to the command line only."""
    if isinstance(error, TextUnknownWordsError):
        example = error.words[0].lower()
        return (
            f"no English words: {', '.join(error.words)}. Check the spelling, or give a pronunciation, "
            f"as in '{example}{{T AH M EY T OW}}'"
        )
    return str(error)


def main() -> None:
    """Run as `python -m enunciate.serve.workers.worker [OPTIONS] -- MODEL MAX_CLIP_S`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("max_clip_s", type=float)
    parser.add_argument("--weights", default="full")
    parser.add_argument("--compile-layers", action="store_true")
    given = parser.parse_args()

    def load() -> Assessor:
        return load_assessor(given.model, weights=given.weights, compile_layers=given.compile_layers)

    run(load, given.max_clip_s, COMPILED if given.compile_layers else (1,))


if __name__ == "__main__":
    main()
