"""The `pocket` engine: an `Assessor` that needs NumPy and ONNX Runtime only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

from enunciate.errors import NoSpeechError
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.listener import AlignedClip, Listener
from enunciate.pocket.mismatch import has_speech, mismatched
from enunciate.pocket.phrase_scorer import PhraseScorer
from enunciate.pocket.phrase_stream import PhraseStream
from enunciate.pocket.phrases import Phrase, cut_phrases, first_phrases
from enunciate.pocket.results import assess_aligned
from enunciate.pocket.scorer import ScorerOutputs, Scorers, fluency_loss, whole_scores
from enunciate.pocket.weights_folder import CALIBRATION, DESCRIPTION
from enunciate.progress import Progress
from enunciate.schema import Accent, Assessment, PhraseResult, Utterance


def packaged_weights() -> Path:
    """Return the folder of the weights that ship in the package."""
    return Path(str(resources.files("enunciate.pocket"))) / "weights"


class PocketAssessor:
    """Assesses clips on a CPU; implements `engines.OnePassAssessor` and `engines.StreamingAssessor`."""

    def __init__(
        self, folder: Path, *, lexicon: Path | None = None, accent: Accent = "us", threads: int = 1
    ) -> None:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self._name = f"{description['name']} {description['version']}"
        self._listener = Listener(folder, lexicon=lexicon, accent=accent, threads=threads)
        self._phrase_scorer = PhraseScorer(self._listener, Scorers(folder, threads))
        self._calibration = Calibration.model_validate_json(
            (folder / CALIBRATION).read_text(encoding="utf-8")
        )

    @property
    def name(self) -> str:
        """Engine and version of the weights."""
        return self._name

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
        return [_whole(self._results([self._listener.listen(utterance)])) for utterance in utterances]

    def assess_stream(
        self, utterance: Utterance, progress: Progress | None = None
    ) -> Iterator[PhraseResult | Assessment]:
        """Yield the result of each phrase as it is scored, and at the end the assessment that `assess` gives.

        With a text, a phrase comes as soon as it and a little more is encoded, some 10 s of recording. In
        the rare case that the rest of the reading changes a phrase (`phrase_stream`), it and those after it
        come again: a result replaces all results that had its index or a higher one.

        Args:
            utterance: The clip.
            progress: Told how many seconds of the clip are encoded.

        Raises:
            AudioError: The clip cannot be assessed, or nobody speaks in it.
            TextError: The text cannot be turned into phones, or has too many for the clip.
        """
        yield from self._results(self._listener.listen_in_parts(utterance, progress))

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return the phones heard, without use of the reference text.

        Raises:
            AudioError: A clip cannot be assessed.
        """
        return [self._listener.recognise(utterance) for utterance in utterances]

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> list[tuple[Assessment, tuple[str, ...]]]:
        """Return the results of `assess` and `recognise` for one run of the encoder."""
        clips = (self._listener.listen(utterance) for utterance in utterances)
        return [(_whole(self._results([clip])), self._listener.phones(clip)) for clip in clips]

    def _results(self, parts: Iterable[AlignedClip]) -> Iterator[PhraseResult | Assessment]:
        """Score a clip phrase by phrase, as more and more of it is heard; the last result is the whole."""
        stream = PhraseStream(self._score, self._calibration)
        for clip in parts:
            if clip.is_whole:
                yield from self._last_results(clip, stream)
            elif stream.results or _is_reading(clip):
                phrases = first_phrases(clip.aligned, clip.ends_phrase)
                yield from stream.tell(clip, phrases, mismatched=False)

    def _last_results(self, clip: AlignedClip, stream: PhraseStream) -> Iterator[PhraseResult | Assessment]:
        if not has_speech(clip.outputs):
            raise NoSpeechError.in_clip(clip.utterance.id)
        alignment = clip.alignment
        if alignment is None:
            yield assess_aligned(clip, self._name, (), None, self._calibration)
            return
        other = clip.reference is not None and mismatched(clip.outputs, alignment)
        phrases = cut_phrases(alignment, clip.ends_phrase)
        yield from stream.tell(clip, phrases, mismatched=other)
        loss = fluency_loss(alignment, phrases, clip.ends_phrase) if clip.reference else 0.0
        values = whole_scores(stream.utterance_scores, phrases, loss)
        yield assess_aligned(clip, self._name, stream.results, values, self._calibration, mismatched=other)

    def _score(self, clip: AlignedClip, phrase: Phrase) -> ScorerOutputs:
        scores = self._phrase_scorer.score(clip, phrase)
        rescaled = self._calibration.rescaled(scores.utterance, with_reference=clip.reference is not None)
        return replace(scores, utterance=rescaled)


def _is_reading(clip: AlignedClip) -> bool:
    """Whether the beginning of a clip is speech, and of its text."""
    until = int(clip.aligned.end[-1])
    outputs = clip.outputs.until(until)
    return has_speech(outputs) and not mismatched(outputs, clip.aligned)


def _whole(results: Iterator[PhraseResult | Assessment]) -> Assessment:
    *_, last = results
    assert isinstance(last, Assessment)
    return last
