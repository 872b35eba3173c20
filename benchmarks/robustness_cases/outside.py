"""A program that is not part of the package, as an engine of the benchmark.

A program loads its models at every start, so it is not started for every clip: a case is run twice. The first
time collects its clips, the program then answers them all, and the second time has the answers. A case whose
clips follow from earlier answers is run again until nothing is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

from enunciate.errors import AudioError, EnunciateError
from enunciate.evaluation.outside.answers_file import read_answers
from enunciate.evaluation.outside.program import ANSWERS, run_program
from enunciate.evaluation.run import Prediction
from enunciate.phones import Lexicon
from enunciate.reading import parse_text
from enunciate.schema import Assessment, Clip, ReferenceWord, Utterance
from robustness_cases.bench import Bench, Row


class NoAnswerYetError(EnunciateError):
    """The program has not been asked for this clip."""

    code = "no_answer_yet"


class OutsideAssessor:
    """An engine whose answers come from a program, as docs/other-systems.md describes it.

    Args:
        command: The program, such as "python mine.py {manifest} {out}".
    """

    batch_size = 1

    def __init__(self, command: str) -> None:
        self.name = command
        self.command = command
        self._answers: dict[bytes, Prediction] = {}
        self._open: dict[bytes, Utterance] = {}

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Return the answers of the program.

        Raises:
            NoAnswerYetError: It has not been asked for one of them, which is noted.
            AudioError: It has no answer to one.
        """
        return [self._answer(utterance) for utterance in utterances]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """No case asks for phones without the text."""
        raise NotImplementedError

    def ask(self) -> bool:
        """Start the program on the clips that are open, and return whether there were any."""
        if not self._open:
            return False
        keys, utterances = list(self._open), list(self._open.values())
        with TemporaryDirectory() as name:
            run_program(self.command, utterances, Path(name))
            answers = read_answers(Path(name) / ANSWERS, utterances)
        self._answers |= zip(keys, answers, strict=True)
        self._open.clear()
        return True

    def _answer(self, utterance: Utterance) -> Assessment:
        key = _key(utterance)
        if key not in self._answers:
            id = f"clip-{len(self._answers) + len(self._open):06}"
            self._open.setdefault(key, utterance.model_copy(update={"id": id, "words": _words(utterance)}))
            raise NoAnswerYetError(f"{utterance.id} is still to be answered")
        answer = self._answers[key]
        if answer.assessment is None:
            raise AudioError(answer.error or "no answer")
        return answer.assessment


def answered(case: Callable[[Bench], Iterator[Row]], bench: Bench) -> Iterator[Row]:
    """Yield the rows of a case, after a program under test has answered all its clips."""
    if not isinstance(bench.assessor, OutsideAssessor):
        yield from case(bench)
        return
    rows = list(case(bench))
    while bench.assessor.ask():
        rows = list(case(bench))
    yield from rows


def _key(utterance: Utterance) -> bytes:
    audio = utterance.audio
    assert isinstance(audio, Clip), "the clips of the cases are in memory"
    return blake2b(audio.samples.tobytes() + repr((utterance.text, utterance.words)).encode()).digest()


def _words(utterance: Utterance) -> tuple[ReferenceWord, ...] | None:
    """Return the canonical phones that the program is given: the first pronunciations of the lexicon."""
    if utterance.words is not None or utterance.text is None:
        return utterance.words
    words = parse_text(utterance.text, Lexicon.default())
    return tuple(ReferenceWord(text=word.text, phones=tuple(word.variants[0])) for word in words)
