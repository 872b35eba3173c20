"""The `phi4` engine: decoded answers of both tasks become an `Assessment`.

The model hears without knowing when and without looking at the text (unless it was trained with the text in
its prompt). So the rest is put together here: its phones are laid along the canonical ones (`diagnose`), and
the aligner of the `pocket` engine says when each was said and whether the text was read at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from enunciate import audio
from enunciate.acoustic.aligner import Aligner, Timing
from enunciate.errors import TaskNotTrainedError
from enunciate.llm.answers import heard_in, phones_of, reread, scores_of, transcript_of
from enunciate.llm.configs import TASKS, Task
from enunciate.llm.diagnose import (
    DiagnosedWord,
    Heard,
    Span,
    diagnose,
    free_results,
    word_results,
)
from enunciate.llm.targets import UNCLEAR, Unparsable
from enunciate.phones import Lexicon
from enunciate.phones.reference import Reference, read_reference
from enunciate.schema import Assessment, Notice, Score, UnparsableAnswer, Utterance

if TYPE_CHECKING:
    from enunciate.llm.decode import Decoded

MISMATCH = (
    "what was said does not match the text. Check that text and recording belong together; if they do, "
    "record again closer to the microphone"
)
NO_REFERENCE = "no text was given: the phones are those heard, without scores"
UNPARSABLE: dict[Task, str] = {
    "apa": "the model's answer with the scores could not be read: there are none",
    "mdd": "the model's answer with words and phones could not be read: there are none",
}


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
class _Clip:
    """One utterance, opened and found fit."""

    utterance: Utterance
    speech: audio.Speech
    reference: Reference | None

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
    """Phi-4-multimodal, with an adapter or as it came; see `enunciate.assess.Assessor`."""

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
        """How many utterances to give it at once."""
        return self._settings.batch_size

    @property
    def together(self) -> int:
        """The same: clips are decoded side by side, at little more than the cost of one."""
        return self.batch_size

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
        utterance, speech, reference = clip.utterance, clip.speech, clip.reference
        words: tuple[DiagnosedWord, ...] = ()
        heard = heard_in(answers.mdd)
        if reference is not None and heard is not None:
            words = diagnose(reference, heard)
        timing = self._timing(clip, words, heard or ())
        results = word_results(words, timing.spans if timing else None)
        if reference is None:
            phones = free_results(heard or (), _with_gaps(heard or (), timing))
        else:
            phones = tuple(phone for word in results for phone in word.phones)
        return Assessment(
            id=utterance.id,
            model=self._name,
            duration_s=speech.duration_s,
            text=utterance.text,
            used_reference=bool(words) or (self._settings.reads_text and clip.text is not None),
            **scores_of(answers.apa),
            completeness=_completeness(words),
            words=results,
            phones=phones,
            pauses=timing.pauses if timing else (),
            rates=timing.rates if timing else None,
            warnings=(*audio.warnings_for(speech), *_notices(reference, timing, answers)),
            transcript=transcript_of(answers.mdd),
            unparsable=tuple(
                UnparsableAnswer(task=task, raw=found.raw, reason=found.reason)
                for task, found in answers.unparsable().items()
            ),
        )

    def _timing(self, clip: _Clip, words: Sequence[DiagnosedWord], heard: Sequence[Heard]) -> Timing | None:
        """When the canonical phones were said or, without text, those of the phones heard that are clear."""
        if self._aligner is None:
            return None
        if words:
            phones = [word.phones for word in words]
            return self._aligner.read(clip.speech.samples, phones, clip.utterance.id)
        return self._aligner.heard(clip.speech.samples, [h.phone for h in heard if h.phone != UNCLEAR])


def _load(utterance: Utterance) -> audio.Speech:
    from enunciate.llm.processor import check_length  # only here, because it imports torch

    speech = audio.load(utterance.audio)
    check_length(len(speech.samples), f"clip {utterance.id}")
    return speech


def _completeness(words: Sequence[DiagnosedWord]) -> Score | None:
    if not words:
        return None
    share = 10 * sum(word.said for word in words) / len(words)
    return Score(value=share, low=share, high=share)


def _with_gaps(heard: Sequence[Heard], timing: Timing | None) -> list[Span] | None:
    """A span for each symbol heard: an unclear one has none, since there is no phone to look for."""
    if timing is None:
        return None
    spans = iter(timing.spans)
    return [(None, None) if item.phone == UNCLEAR else next(spans) for item in heard]


def _notices(reference: Reference | None, timing: Timing | None, answers: _Answers) -> list[Notice]:
    notices = [Notice(code="unparsable_answer", message=UNPARSABLE[task]) for task in answers.unparsable()]
    if reference is None:
        notices.append(Notice(code="no_reference", message=NO_REFERENCE))
    if timing is not None and timing.mismatched:
        notices.append(Notice(code="text_mismatch", message=MISMATCH))
    return notices
