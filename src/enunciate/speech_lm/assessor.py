"""The `speech_lm` engine: decoded answers of both tasks become an `Assessment`.

The model gives no times and does not see the reference text (unless it was trained with the text in its
prompt); `assembly` aligns what it heard with the canonical phones and with the audio.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from enunciate import audio
from enunciate.assembly.clip import LoadedClip
from enunciate.assembly.heard import assess_heard
from enunciate.assembly.timing import SpeechAligner
from enunciate.assembly.warnings import unparsable_answer
from enunciate.errors import NoSpeechError, TaskNotTrainedError, TextTooLongError
from enunciate.phones import Lexicon
from enunciate.reading.reference import read_heard, read_reference
from enunciate.schema import Aspect, Assessment, Score, UnparsableAnswer, Utterance
from enunciate.speech_lm.answers import phones_of, reparse_leniently, scores_of, symbols_of, transcript_of
from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.options import TASKS, Task
from enunciate.speech_lm.targets import Unparsable

if TYPE_CHECKING:
    from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer


Transcriber = Callable[[audio.Samples], str]
"""Writes down the words of a clip, (n,) float32 at 16 kHz."""


class AnswerDecoder(Protocol):
    """A decoder such as `decoding.decoder.Decoder`; this module itself does not import torch."""

    def decode_tasks(
        self, tasks: Sequence[Task], items: Sequence[tuple[audio.Samples, str | None]]
    ) -> Mapping[Task, Sequence[DecodedAnswer]]:
        """Return the answers to each task, in the order of the items, which are (clip, reference text)."""
        ...


@dataclass(frozen=True)
class SpeechLmOptions:
    """How the model was trained, and how it is run."""

    tasks: tuple[Task, ...] = TASKS
    reads_text: bool = False
    """Whether the reference text is part of the prompt."""
    lenient: bool = False
    """Parse the answers of a model that was not trained to give them in our format."""
    batch_size: int = 16
    """Clips that are decoded together."""
    geometry: AudioGeometry = field(default_factory=AudioGeometry)
    """Which clips the model takes."""


@dataclass(frozen=True, eq=False)
class _Clip(LoadedClip):
    """One utterance with its decoded audio and its reference."""

    @property
    def words_heard(self) -> str | None:
        """The words of a clip without a text, in lower case, where they were transcribed."""
        if self.reference is None or not self.reference.heard:
            return None
        return " ".join(self.reference.words).lower()

    @property
    def text(self) -> str | None:
        """The text for the prompt: the words of the reference text as they are spoken, if one was given."""
        if self.reference is None or self.reference.heard:
            return None
        return " ".join(self.reference.spoken_words)


@dataclass(frozen=True)
class _ClipAnswers:
    """The decoded answers for one clip; None for a task that the model was not trained for."""

    apa: DecodedAnswer | None
    mdd: DecodedAnswer | None

    def unparsable(self) -> dict[Task, Unparsable]:
        """The answers that did not parse, by task."""
        given: dict[Task, DecodedAnswer | None] = {"apa": self.apa, "mdd": self.mdd}
        return {t: d.answer for t, d in given.items() if d and isinstance(d.answer, Unparsable)}


class SpeechLmAssessor:
    """A speech language model, with an adapter or untrained; see `enunciate.engines.Assessor`."""

    def __init__(
        self,
        decoder: AnswerDecoder,
        name: str,
        *,
        options: SpeechLmOptions | None = None,
        aligner: SpeechAligner | None = None,
        lexicon: Lexicon | None = None,
        transcriber: Transcriber | None = None,
        threads: int = 1,
    ) -> None:
        """Assemble an engine; `loading` does it from a folder.

        Args:
            decoder: Decoder of the merged model.
            name: Name of engine and weights.
            options: How the model was trained.
            aligner: Gives the times, and refuses clips without speech; without it there are no times, and
                every clip gets an answer.
            lexicon: Pronunciations of the reference texts; the default is CMUdict.
            transcriber: Writes down the words of clips without a text, so that they get results too.
            threads: Clips that are read and looked at for speech at once, each on a core. Beside a GPU, this
                takes most of the time.
        """
        self._decoder, self._name = decoder, name
        self._options = options or SpeechLmOptions()
        self._aligner = aligner
        self._lexicon = lexicon or Lexicon.default()
        self._transcriber = transcriber
        self._threads = threads

    @property
    def name(self) -> str:
        """Name of engine and weights."""
        return self._name

    @property
    def batch_size(self) -> int:
        """Preferred number of utterances per call: clips decoded together cost little more than one."""
        return self._options.batch_size

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order; all are checked before the first is decoded.

        Raises:
            AudioError: A clip cannot be used, is longer than 40 s, or nobody speaks in it.
            TextError: A text is empty, has words that are not in the lexicon, or does not fit its clip.
            MissingExtraError: kaldialign is not installed.
        """
        clips = self._open_all(utterances)
        answers = self._decode_clips(clips)
        return [self._assessment(clip, given) for clip, given in zip(clips, answers, strict=True)]

    def score_clips(
        self, clips: Sequence[tuple[audio.Samples, str | None]]
    ) -> list[dict[Aspect, Score | None]]:
        """Return the utterance scores of clips in which somebody is known to speak, without transcripts.

        Args:
            clips: Samples, (n,) float32 at 16 kHz, with their reference texts.

        Returns:
            The scores of each clip; None where the answer does not parse.

        Raises:
            AudioError: A clip is longer than the model takes, or shorter than one frame.
        """
        texts = [text if self._options.reads_text else None for _, text in clips]
        samples = [samples for samples, _ in clips]
        decoded = self._decoder.decode_tasks(("apa",), list(zip(samples, texts, strict=True)))
        return [scores_of(answer) for answer in decoded["apa"]]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return the heard phones without the reference text; empty if the answer did not parse.

        Raises:
            AudioError: A clip cannot be used, or is longer than 40 s.
            TaskNotTrainedError: The model was trained for scores only.
        """
        if "mdd" not in self._options.tasks:
            raise TaskNotTrainedError(
                f"{self._name} was trained for scores only and hears no phones: take an adapter whose "
                "recipe has the task mdd"
            )
        clips = [_Clip(utterance, self._load(utterance), None) for utterance in utterances]
        return [symbols_of(answers.mdd) for answers in self._transcribe_without_reference(clips)]

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> list[tuple[Assessment, tuple[str, ...] | None]]:
        """Do both; transcripts are decoded once for the two, unless the reference text is in the prompt.

        Raises:
            EnunciateError: As `assess`.
        """
        clips = self._open_all(utterances)
        answers = self._decode_clips(clips)
        again = self._options.reads_text and "mdd" in self._options.tasks
        without_reference = self._transcribe_without_reference(clips) if again else answers
        return [
            (self._assessment(clip, given), None if heard.mdd is None else symbols_of(heard.mdd))
            for clip, given, heard in zip(clips, answers, without_reference, strict=True)
        ]

    def _open_all(self, utterances: Sequence[Utterance]) -> list[_Clip]:
        if self._threads == 1:
            return [self._open(utterance) for utterance in utterances]
        with ThreadPoolExecutor(self._threads) as threads:
            return list(threads.map(self._open, utterances))

    def _open(self, utterance: Utterance) -> _Clip:
        speech, reference = self._load(utterance), read_reference(utterance, self._lexicon)
        if self._aligner is not None and not self._aligner.has_speech(speech.samples):
            raise NoSpeechError.in_clip(utterance.id)
        if reference is None and self._transcriber is not None:
            reference = read_heard(self._transcriber(speech.samples), self._lexicon, utterance.accent)
        return _Clip(utterance, speech, reference)

    def _load(self, utterance: Utterance) -> audio.Speech:
        speech = audio.load(utterance.audio)
        self._options.geometry.check_length(len(speech.samples), f"clip {utterance.id}")
        return speech

    def _decode_clips(self, clips: Sequence[_Clip]) -> list[_ClipAnswers]:
        texts = [clip.text if self._options.reads_text else None for clip in clips]
        return self._decode(self._options.tasks, clips, texts)

    def _transcribe_without_reference(self, clips: Sequence[_Clip]) -> list[_ClipAnswers]:
        return self._decode(("mdd",), clips, [None] * len(clips))

    def _decode(
        self, tasks: Sequence[Task], clips: Sequence[_Clip], texts: Sequence[str | None]
    ) -> list[_ClipAnswers]:
        items = [(clip.speech.samples, text) for clip, text in zip(clips, texts, strict=True)]
        decoded = self._decoder.decode_tasks(tasks, items)
        rows = [{task: decoded[task][index] for task in tasks} for index in range(len(clips))]
        if self._options.lenient:
            rows = [{task: reparse_leniently(task, answer) for task, answer in row.items()} for row in rows]
        return [_ClipAnswers(row.get("apa"), row.get("mdd")) for row in rows]

    def _assessment(self, clip: _Clip, answers: _ClipAnswers) -> Assessment:
        try:
            return self._assemble(clip, answers)
        except TextTooLongError:
            if clip.reference is None or not clip.reference.heard:
                raise
            # The transcription has more than was said: the phones heard are left.
            return self._assemble(replace(clip, reference=None), answers)

    def _assemble(self, clip: _Clip, answers: _ClipAnswers) -> Assessment:
        unparsable = answers.unparsable()
        return assess_heard(
            clip,
            self._name,
            scores_of(answers.apa),
            phones_of(answers.mdd),
            self._aligner,
            reads_text=self._options.reads_text and clip.text is not None,
            warnings=[unparsable_answer(task) for task in unparsable],
            transcript=clip.words_heard or transcript_of(answers.mdd),
            unparsable=[
                UnparsableAnswer(task=task, raw=answer.raw, reason=answer.reason)
                for task, answer in unparsable.items()
            ],
        )
