"""Training examples: one per clip and task, whose audio is decoded when a batch is collated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import soundfile as sf  # pyright: ignore[reportMissingTypeStubs]
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from enunciate.audio import SAMPLE_RATE_HZ, Samples, load
from enunciate.errors import AudioDecodeError
from enunciate.schema import Clip, Utterance
from enunciate.speech_lm.audio_batch import audio_batch
from enunciate.speech_lm.families.phi4.audio_frames import check_length, n_frames_of, n_tokens_of
from enunciate.speech_lm.families.phi4.causal_lm import IGNORE_INDEX
from enunciate.speech_lm.options import PromptConfig, TargetConfig, Task
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.prompts import user_turn
from enunciate.speech_lm.targets import Answer, render, target

_EXACT_HEADERS = frozenset({"WAV", "FLAC", "OGG", "AIFF"})
"""Formats whose header gives the exact length; that of an MP3 is an estimate."""


@dataclass(frozen=True, eq=False)
class MeasuredClip:
    """The audio of one clip, shared by its examples."""

    id: str
    source: Path | bytes | Clip
    n_frames: int
    """Feature frames (10 ms)."""

    @classmethod
    def of(cls, utterance: Utterance) -> MeasuredClip:
        """Measure the clip, by its header if that is exact.

        Raises:
            AudioError: The clip cannot be read, or is too short or too long for the model.
        """
        n_samples = _samples_in_header(utterance.audio)
        if n_samples is None:
            n_samples = len(load(utterance.audio).samples)
        check_length(n_samples, f"clip {utterance.id}")
        return cls(utterance.id, utterance.audio, n_frames_of(n_samples))

    def samples(self) -> Samples:
        """Decode the clip to (n,) float32 samples at 16 kHz.

        Raises:
            AudioError: The clip cannot be read, or its length has changed since it was measured.
        """
        samples = load(self.source).samples
        if n_frames_of(len(samples)) != self.n_frames:
            raise AudioDecodeError(
                f"clip {self.id} has {n_frames_of(len(samples))} frames where its header, or an earlier "
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

    @property
    def n_frames(self) -> int:
        """Feature frames of the clip."""
        return self.recording.n_frames

    @property
    def length(self) -> int:
        """Number of tokens of prompt and answer."""
        return len(self.prompt_ids) + len(self.answer_ids)


def examples_of(
    utterances: Sequence[Utterance],
    tasks: Sequence[Task],
    prompt: PromptConfig,
    target_config: TargetConfig,
    processor: Processor,
) -> list[AdapterExample]:
    """Return an example for each utterance and task that has the labels; others are left out.

    Raises:
        AudioError: A clip cannot be read, or is too short or too long for the model.
        CorpusError: Labels do not fit the phones that they belong to.
    """
    examples: list[AdapterExample] = []
    for utterance in utterances:
        answers = _answers(utterance, tasks, target_config)
        if all(answer is None for _, answer in answers):
            continue
        recording = MeasuredClip.of(utterance)
        n_tokens = n_tokens_of(recording.n_frames)
        for task, answer in answers:
            if answer is None:
                continue
            ids = processor.prompt_ids(user_turn(task, prompt, utterance.text), n_tokens)
            answer_ids = processor.answer_ids(render(answer))
            examples.append(AdapterExample(utterance.id, task, recording, ids, answer_ids, utterance.speaker))
    return examples


def _answers(
    utterance: Utterance, tasks: Sequence[Task], config: TargetConfig
) -> list[tuple[Task, Answer | None]]:
    return [(task, target(task, utterance, config)) for task in tasks]


class Collator:
    """Collates examples to a batch.

    For B examples, with L tokens in the longest sequence and T frames in the longest clip:

        input_ids             (B, L)      int64, padded on the right
        attention_mask        (B, L)      int64, 1 on tokens, 0 on padding
        labels                (B, L)      int64, the answer and its end token; -100 elsewhere
        audio_input_features  (B, T, 80)  float32, zeros after the end of a clip
        audio_embed_sizes     (B,)        int64, audio tokens per clip
        audio_attention_mask  (B, T)      bool, true on frames; given even if nothing is padded

    Labels are placed by the lengths of prompt and answer, never by the padding id: that is also an end token.
    """

    def __init__(
        self,
        processor: Processor,
        *,
        cache_features: bool = False,
        precomputed: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Collate with a processor.

        Args:
            processor: Computes the features, and knows the padding id.
            cache_features: Compute the features of a clip once and cache them, 32 kB per second of audio.
            precomputed: Precomputed features (T, 80), by the id of the clip.
        """
        self.processor = processor
        self._precomputed = precomputed or {}
        self._cached: dict[MeasuredClip, Tensor] | None = {} if cache_features else None

    def __call__(self, examples: Sequence[AdapterExample]) -> dict[str, Tensor]:
        """Return the batch, in the order of the examples.

        Raises:
            AudioError: A clip can no longer be read.
        """
        ids = [torch.tensor(example.prompt_ids + example.answer_ids) for example in examples]
        labels = [
            torch.tensor([IGNORE_INDEX] * len(example.prompt_ids) + example.answer_ids)
            for example in examples
        ]
        features = [self._features(example.recording) for example in examples]
        return {
            "input_ids": pad_sequence(ids, batch_first=True, padding_value=self.processor.pad_token_id),
            "attention_mask": pad_sequence([torch.ones_like(row) for row in ids], batch_first=True),
            "labels": pad_sequence(labels, batch_first=True, padding_value=IGNORE_INDEX),
            **audio_batch(features),
        }

    def _features(self, recording: MeasuredClip) -> Tensor:
        if recording.id in self._precomputed:
            return self._precomputed[recording.id]
        if self._cached is None:
            return self.processor.features(recording.samples(), f"clip {recording.id}")
        if recording not in self._cached:
            self._cached[recording] = self.processor.features(recording.samples(), f"clip {recording.id}")
        return self._cached[recording]


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
