"""The engine `both`: everything is `pocket`'s, but the utterance scores are means with `whisper`'s.

The two err differently. `pocket` knows rates, pauses and every canonical phone; a language model's judgement
of the whole adds to that. `whisper` learnt from clips of one sentence, so it is given each phrase into which
`pocket` cuts a reading (`pocket.phrases`) as a clip of its own, with the words of that phrase as its text.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Protocol

from enunciate import audio
from enunciate.assembly.warnings import one_engine
from enunciate.both.means import (
    WEIGHT_WITH_TEXT,
    WEIGHT_WITHOUT_TEXT,
    HeardPhrase,
    shifted_scores,
    shifts_of_whole,
)
from enunciate.errors import AudioTooLongError, EnunciateError
from enunciate.pocket.acoustic_model import FRAME_SAMPLES
from enunciate.pocket.phrase_scorer import EDGE, stretch_of
from enunciate.progress import Progress
from enunciate.schema import Aspect, Assessment, Clip, PhraseResult, Score, Utterance

logger = logging.getLogger(__name__)

LONGEST_TRANSCRIPT_S = 20.0
"""The longest clip whose phones `whisper` has room to write down."""


class PhraseEngine(Protocol):
    """What is asked of `pocket`; see `engines.StreamingAssessor`."""

    @property
    def name(self) -> str: ...  # noqa: D102
    def assess_stream(  # noqa: D102
        self, utterance: Utterance, progress: Progress | None = None
    ) -> Iterator[PhraseResult | Assessment]: ...
    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]: ...  # noqa: D102


class ClipScorer(Protocol):
    """What is asked of `whisper`; see `speech_lm.assessor.SpeechLmAssessor`."""

    @property
    def name(self) -> str: ...  # noqa: D102
    def score_clips(  # noqa: D102
        self, clips: Sequence[tuple[audio.Samples, str | None]]
    ) -> list[dict[Aspect, Score | None]]: ...
    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]: ...  # noqa: D102


class BothAssessor:
    """`pocket` with the judgement of `whisper`; implements `engines.StreamingAssessor`."""

    def __init__(self, pocket: PhraseEngine, whisper: ClipScorer) -> None:
        self._pocket, self._whisper = pocket, whisper

    @property
    def name(self) -> str:
        """The names of both engines and their weights."""
        return f"both ({self._pocket.name}, {self._whisper.name})"

    @property
    def batch_size(self) -> int:
        """Clips are assessed one by one."""
        return 1

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            AudioError: A clip cannot be assessed, or nobody speaks in it.
            TextError: A text cannot be turned into phones, or has too many for its clip.
        """
        return [self._assess(utterance) for utterance in utterances]

    def assess_stream(
        self, utterance: Utterance, progress: Progress | None = None
    ) -> Iterator[PhraseResult | Assessment]:
        """Yield the result of each phrase, and at the end the assessment that `assess` gives.

        Args:
            utterance: The clip.
            progress: Told how many seconds of the clip are encoded by `pocket`.

        Raises:
            AudioError: The clip cannot be assessed, or nobody speaks in it.
            TextError: The text cannot be turned into phones, or has too many for the clip.
        """
        has_text = utterance.text is not None or utterance.words is not None
        weight = WEIGHT_WITH_TEXT if has_text else WEIGHT_WITHOUT_TEXT
        clip = _Recording(utterance)
        phrases: list[HeardPhrase] = []
        for result in self._pocket.assess_stream(utterance, progress):
            if isinstance(result, PhraseResult):
                phrases[result.index :] = [HeardPhrase(result, self._scores(clip, result))]
                yield phrases[-1].mean(weight)
            elif any(notice.code == "text_mismatch" for notice in result.warnings):
                # The scores are those that people give where another text was read, whatever it sounds like.
                yield from (heard.phrase for heard in phrases)
                yield result.model_copy(update={"model": self.name})
            else:
                yield self._whole(result, phrases, weight)

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return the phones heard, without use of the reference text: those of `whisper`.

        Where a clip is too long for a transcript, or has none, they are those of `pocket`.

        Raises:
            AudioError: A clip cannot be assessed.
        """
        return [self._recognise(utterance) for utterance in utterances]

    def _assess(self, utterance: Utterance) -> Assessment:
        *_, whole = self.assess_stream(utterance)
        assert isinstance(whole, Assessment)
        return whole

    def _scores(self, clip: _Recording, phrase: PhraseResult) -> Mapping[Aspect, Score | None]:
        """Return the scores of `whisper` for a phrase; none where it cannot be scored."""
        try:
            (scores,) = self._whisper.score_clips([(clip.stretch(phrase), _text_of(phrase))])
        except EnunciateError as error:
            logger.info("%s has no second score from %.1f s on: %s", clip.id, phrase.start_s, error)
            return {}
        return scores

    def _whole(self, whole: Assessment, phrases: Sequence[HeardPhrase], weight: float) -> Assessment:
        warnings = whole.warnings
        if phrases and not any(heard.is_scored_twice for heard in phrases):
            warnings = (*warnings, one_engine())
        means = shifted_scores(whole, shifts_of_whole(phrases, weight))
        return whole.model_copy(update={"model": self.name, "warnings": warnings, **means})

    def _recognise(self, utterance: Utterance) -> tuple[str, ...]:
        try:
            speech = audio.load(utterance.audio, longest_s=LONGEST_TRANSCRIPT_S)
            clip = Clip(samples=speech.samples, sample_rate_hz=audio.SAMPLE_RATE_HZ)
            (phones,) = self._whisper.recognise([utterance.model_copy(update={"audio": clip})])
        except AudioTooLongError:
            phones = ()
        return phones or self._pocket.recognise([utterance])[0]


def _text_of(phrase: PhraseResult) -> str | None:
    """Return the words of a phrase as they were spoken; passages that were not read have no times."""
    read = [word for word in phrase.words if word.start_s is not None]
    return " ".join(word.read_as or word.text for word in read) or None


class _Recording:
    """The samples of an utterance, decoded when a phrase of it is asked for."""

    def __init__(self, utterance: Utterance) -> None:
        self.id = utterance.id
        self._source = utterance.audio

    @cached_property
    def _samples(self) -> audio.Samples:
        return audio.load(self._source, longest_s=audio.MAX_DURATION_S).samples

    def stretch(self, phrase: PhraseResult) -> audio.Samples:
        """Return the samples of a phrase: all of a recording that has usual silences about the phrase."""
        start, end = (round(time_s * audio.SAMPLE_RATE_HZ) for time_s in (phrase.start_s, phrase.end_s))
        first, last = stretch_of(start, end, len(self._samples), EDGE * FRAME_SAMPLES)
        return self._samples[first:last]
