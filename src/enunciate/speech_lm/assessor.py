"""The `phi4` engine: decoded answers of both tasks become an `Assessment`.

The model hears without knowing when and without looking at the text (unless it was trained with the text in
its prompt); `assembly.heard` does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from enunciate import audio
from enunciate.assembly.clip import LoadedClip
from enunciate.assembly.heard import assess_heard
from enunciate.assembly.timing import Aligner
from enunciate.assembly.warnings import unparsable_answer
from enunciate.errors import TaskNotTrainedError
from enunciate.phones import Lexicon
from enunciate.phones.reference import read_reference
from enunciate.schema import Assessment, UnparsableAnswer, Utterance
from enunciate.speech_lm.answers import heard_in, phones_of, reread, scores_of, transcript_of
from enunciate.speech_lm.options import TASKS, Task
from enunciate.speech_lm.targets import Unparsable

if TYPE_CHECKING:
    from enunciate.speech_lm.decoding.decoder import Decoded


class Decodes(Protocol):
    """What `decode.Decoder` does; so this module needs no torch until a clip comes."""

    def decode_tasks(
        self, tasks: Sequence[Task], items: Sequence[tuple[audio.Samples, str | None]]
    ) -> Mapping[Task, Sequence[Decoded]]:
        """Answers to each task, in the order of the clips, each with the text that may go into its prompt."""
        ...


@dataclass(frozen=True)
class Settings:
    """How an engine was trained, as far as it matters here."""

    tasks: tuple[Task, ...] = TASKS
    reads_text: bool = False
    """Whether the text is part of the prompt."""
    lenient: bool = False
    """Read answers of a model that was not taught the form."""
    batch_size: int = 16


@dataclass(frozen=True, eq=False)
class _Clip(LoadedClip):
    """One utterance, opened and found fit."""

    @property
    def text(self) -> str | None:
        """What goes into the prompt: the text as it is, or the words where it carries pronunciations."""
        text = self.utterance.text
        if self.reference is not None and (text is None or "{" in text):
            return " ".join(self.reference.words)
        return text


@dataclass(frozen=True)
class _Answers:
    """What was decoded for one clip; None for a task that the model was not trained for."""

    apa: Decoded | None
    mdd: Decoded | None

    def unparsable(self) -> dict[Task, Unparsable]:
        """Answers that did not parse."""
        given: dict[Task, Decoded | None] = {"apa": self.apa, "mdd": self.mdd}
        return {t: d.answer for t, d in given.items() if d and isinstance(d.answer, Unparsable)}


class Phi4Assessor:
    """Phi-4-multimodal, with an adapter or as it came; see `enunciate.engines.Assessor`."""

    def __init__(
        self,
        decoder: Decodes,
        name: str,
        *,
        settings: Settings | None = None,
        aligner: Aligner | None = None,
        lexicon: Lexicon | None = None,
    ) -> None:
        """Put an engine together; `loading` does it from a folder.

        Args:
            decoder: of the merged model.
            name: of engine and weights.
            settings: how it was trained.
            aligner: gives times; without it there are none.
            lexicon: for texts; CMUdict where it is left out.
        """
        self._decoder, self._name = decoder, name
        self._settings = settings or Settings()
        self._aligner = aligner
        self._lexicon = lexicon or Lexicon.default()

    @property
    def name(self) -> str:
        """Engine and weights."""
        return self._name

    @property
    def batch_size(self) -> int:
        """Clips decoded side by side, at little more than the cost of one."""
        return self._settings.batch_size

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order; all are checked before the first is decoded.

        Raises:
            AudioError: a clip cannot be used, or lasts longer than 40 s.
            TextError: a text is empty, has words that are not in the lexicon, or does not fit its clip.
            MissingExtraError: kaldialign is not installed.
        """
        clips = [self._open(utterance) for utterance in utterances]
        return [self._assessment(clip, found) for clip, found in zip(clips, self._ask(clips), strict=True)]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """The phones heard, without looking at the reference text; none where the answer did not parse.

        Raises:
            AudioError: a clip cannot be used, or lasts longer than 40 s.
            TaskNotTrainedError: the model was trained for scores alone.
        """
        if "mdd" not in self._settings.tasks:
            raise TaskNotTrainedError(
                f"{self._name} was trained for scores only and hears no phones: take an adapter whose "
                "recipe has the task mdd"
            )
        clips = [_Clip(utterance, _load(utterance), None) for utterance in utterances]
        return [phones_of(answers.mdd) for answers in self._ask_without_text(clips)]

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> list[tuple[Assessment, tuple[str, ...] | None]]:
        """Both; one decoding of words and phones serves for the two, unless the text is part of the prompt.

        Raises:
            EnunciateError: as `assess`.
        """
        clips = [self._open(utterance) for utterance in utterances]
        told = self._ask(clips)
        again = self._settings.reads_text and "mdd" in self._settings.tasks
        free = self._ask_without_text(clips) if again else told
        return [
            (self._assessment(clip, found), None if heard.mdd is None else phones_of(heard.mdd))
            for clip, found, heard in zip(clips, told, free, strict=True)
        ]

    def _open(self, utterance: Utterance) -> _Clip:
        return _Clip(utterance, _load(utterance), read_reference(utterance, self._lexicon))

    def _ask(self, clips: Sequence[_Clip]) -> list[_Answers]:
        shown = [clip.text if self._settings.reads_text else None for clip in clips]
        return self._decode(self._settings.tasks, clips, shown)

    def _ask_without_text(self, clips: Sequence[_Clip]) -> list[_Answers]:
        return self._decode(("mdd",), clips, [None] * len(clips))

    def _decode(
        self, tasks: Sequence[Task], clips: Sequence[_Clip], texts: Sequence[str | None]
    ) -> list[_Answers]:
        items = [(clip.speech.samples, text) for clip, text in zip(clips, texts, strict=True)]
        decoded = self._decoder.decode_tasks(tasks, items)
        rows = [{task: decoded[task][index] for task in tasks} for index in range(len(clips))]
        if self._settings.lenient:
            rows = [{task: reread(task, found) for task, found in row.items()} for row in rows]
        return [_Answers(row.get("apa"), row.get("mdd")) for row in rows]

    def _assessment(self, clip: _Clip, answers: _Answers) -> Assessment:
        unparsable = answers.unparsable()
        return assess_heard(
            clip,
            self._name,
            scores_of(answers.apa),
            heard_in(answers.mdd),
            self._aligner,
            reads_text=self._settings.reads_text and clip.text is not None,
            warnings=[unparsable_answer(task) for task in unparsable],
            transcript=transcript_of(answers.mdd),
            unparsable=[
                UnparsableAnswer(task=task, raw=found.raw, reason=found.reason)
                for task, found in unparsable.items()
            ],
        )


def _load(utterance: Utterance) -> audio.Speech:
    from enunciate.speech_lm.processor import check_length  # only here, because it imports torch

    speech = audio.load(utterance.audio)
    check_length(len(speech.samples), f"clip {utterance.id}")
    return speech
