"""Training examples: one per clip and task, whose audio is decoded when a batch is collated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any, cast

import soundfile as sf  # pyright: ignore[reportMissingTypeStubs]

from enunciate.audio import SAMPLE_RATE_HZ, Samples, load
from enunciate.corpus.label_completion import LabelRanges
from enunciate.errors import AudioDecodeError, RecipeError
from enunciate.schema import ASPECTS, Aspect, Clip, Utterance
from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.decoding.shared_prefixes import prefix_length
from enunciate.speech_lm.decoding.slots import Slot, find_slots
from enunciate.speech_lm.options import PromptConfig, TargetConfig, Task
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.targets import Answer, ApaAnswer, render, target
from enunciate.speech_lm.training.score_targets import ScoreTargets, score_distributions

_EXACT_HEADERS = frozenset({"WAV", "FLAC", "OGG", "AIFF"})
"""Formats whose header gives the exact length; that of an MP3 is an estimate."""


@dataclass(frozen=True, eq=False)
class MeasuredClip:
    """The audio of one clip, shared by its examples."""

    id: str
    source: Path | bytes | Clip
    n_frames: int
    """Feature frames (10 ms)."""
    geometry: AudioGeometry

    @classmethod
    def of(cls, utterance: Utterance, geometry: AudioGeometry) -> MeasuredClip:
        """Measure the clip, by its header if that is exact, in the frames of a model.

        Raises:
            AudioError: The clip cannot be read, or is too short or too long for the model.
        """
        n_samples = _samples_in_header(utterance.audio)
        if n_samples is None:
            n_samples = len(load(utterance.audio).samples)
        geometry.check_length(n_samples, f"clip {utterance.id}")
        return cls(utterance.id, utterance.audio, geometry.n_frames(n_samples), geometry)

    def samples(self) -> Samples:
        """Decode the clip to (n,) float32 samples at 16 kHz.

        Raises:
            AudioError: The clip cannot be read, or its length has changed since it was measured.
        """
        samples = load(self.source).samples
        found = self.geometry.n_frames(len(samples))
        if found != self.n_frames:
            raise AudioDecodeError(
                f"clip {self.id} has {found} frames where its header, or an earlier "
                f"decoding, said {self.n_frames}: convert it to WAV, and do not change it during training"
            )
        return samples


@dataclass(frozen=True, eq=False)
class AdapterExample:
    """One task on one clip."""

    id: str
    task: Task
    recording: MeasuredClip
    prompt_ids: list[int]
    """The user turn, with audio placeholders."""
    answer_ids: list[int]
    """The answer, with the end token."""
    speaker: str | None
    score_places: tuple[int, ...] = ()
    """The place of each score's token in the answer, for soft targets and for hidden numbers."""
    score_targets: ScoreTargets | None = None
    """What is to be learnt of each score instead of its token."""
    blank_id: int | None = None
    """The token that the model reads in place of each score."""
    instruction: tuple[int, ...] = ()
    """The tokens before the audio, if they are enough to be computed once for several examples."""

    @property
    def answer_inputs(self) -> list[int]:
        """The answer as the model reads it."""
        if self.blank_id is None:
            return self.answer_ids
        hidden = set(self.score_places)
        return [self.blank_id if i in hidden else token for i, token in enumerate(self.answer_ids)]

    @property
    def n_frames(self) -> int:
        """Feature frames of the clip."""
        return self.recording.n_frames

    @property
    def length(self) -> int:
        """Number of tokens of prompt and answer."""
        return len(self.prompt_ids) + len(self.answer_ids)


@dataclass(frozen=True)
class SoftScores:
    """How scores are learnt from ranges and neighbours instead of from one number each."""

    spread: float
    """Standard deviation of the targets around each score, in points."""
    ranges: Mapping[str, LabelRanges]
    """What is known of the scores, by the id of the utterance."""


def examples_of(
    utterances: Sequence[Utterance],
    tasks: Sequence[Task],
    prompts: Sequence[PromptConfig],
    target_config: TargetConfig,
    processor: Processor,
    soft: SoftScores | None = None,
) -> list[AdapterExample]:
    """Return an example for each utterance, prompt and task that has the labels; others are left out.

    Raises:
        AudioError: A clip cannot be read, or is too short or too long for the model.
        CorpusError: Labels do not fit the phones that they belong to.
        RecipeError: Soft or hidden scores are asked for, and a score is not one token.
    """
    examples: list[AdapterExample] = []
    for utterance in utterances:
        answers = _answers(utterance, tasks, target_config)
        if all(answer is None for _, answer in answers):
            continue
        recording = MeasuredClip.of(utterance, processor.geometry)
        n_tokens = processor.geometry.n_tokens(recording.n_frames)
        for prompt, (task, answer) in product(prompts, answers):
            if answer is None:
                continue
            ids = processor.task_ids(task, prompt, utterance.text, n_tokens)
            answer_ids = processor.answer_ids(render(answer))
            example = AdapterExample(
                utterance.id,
                task,
                recording,
                ids,
                answer_ids,
                utterance.speaker,
                instruction=tuple(ids[: prefix_length([ids], processor.audio_token_id)]),
            )
            if isinstance(answer, ApaAnswer):
                example = _with_scores(example, answer, processor, target_config, soft)
            examples.append(example)
    return examples


def _answers(
    utterance: Utterance, tasks: Sequence[Task], config: TargetConfig
) -> list[tuple[Task, Answer | None]]:
    return [(task, target(task, utterance, config)) for task in tasks]


def _with_scores(
    example: AdapterExample,
    answer: ApaAnswer,
    processor: Processor,
    config: TargetConfig,
    soft: SoftScores | None,
) -> AdapterExample:
    if soft is None and config.scores == "chained":
        return example
    targets = None
    if soft is not None:
        known = soft.ranges.get(example.id)
        values: dict[Aspect, float] = {aspect: float(getattr(answer, aspect)) for aspect in ASPECTS}
        targets = score_distributions(values, known.scores if known else {}, soft.spread)
    blank = processor.blank_id if config.scores == "apart" else None
    return replace(example, score_places=_score_places(processor), score_targets=targets, blank_id=blank)


@lru_cache(maxsize=4)
def _score_places(processor: Processor) -> tuple[int, ...]:
    places: list[int] = []
    length = 0
    for slot in score_slots(processor):
        places.append(length + len(slot.before))
        length = places[-1] + 1
    return tuple(places)


def score_slots(processor: Processor) -> tuple[Slot, ...]:
    """Return the slots of the scores, each of which is one token.

    Raises:
        RecipeError: A score is not one token.
    """
    slots, _ = find_slots(processor)
    if any(len(value) != 1 for slot in slots for value in slot.values):
        raise RecipeError(
            "score_loss", ["'10' is two tokens of this base: give score_loss=hard and target.scores=chained"]
        )
    return slots


def _samples_in_header(source: Path | bytes | Clip) -> int | None:
    """Return the number of samples at 16 kHz; None if only decoding can tell, or reading will fail."""
    if isinstance(source, Clip):
        at_rate = source.sample_rate_hz == SAMPLE_RATE_HZ
        return len(source.samples) if at_rate else None
    try:
        header = cast(Any, sf.info(BytesIO(source) if isinstance(source, bytes) else source))
    except (sf.SoundFileError, TypeError, OSError):
        return None
    if header.samplerate != SAMPLE_RATE_HZ or header.format not in _EXACT_HEADERS:
        return None
    return int(header.frames)
