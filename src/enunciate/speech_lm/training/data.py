"""Examples to train on: one for each clip and task, loaded when needed, in batches of like length."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import soundfile as sf  # pyright: ignore[reportMissingTypeStubs]
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Sampler

from enunciate.audio import SAMPLE_RATE_HZ, Samples, load
from enunciate.errors import AudioDecodeError
from enunciate.schema import Clip, Utterance
from enunciate.speech_lm.options import PromptConfig, TargetConfig, Task
from enunciate.speech_lm.processor import Processor, check_length, n_frames_of
from enunciate.speech_lm.prompts import user_turn
from enunciate.speech_lm.targets import Answer, render, target

NO_LABEL = -100
"""Where the loss does not look."""
_EXACT_HEADERS = frozenset({"WAV", "FLAC", "OGG", "AIFF"})
"""Formats whose header is right about the length; an MP3's is an estimate."""
_BATCHES_SORTED = 32
"""Batches are cut out of so many at a time, sorted by length: enough for little padding, few for chance."""


@dataclass(frozen=True, eq=False)
class Recording:
    """The audio of one clip, which its examples share."""

    id: str
    source: Path | bytes | Clip
    n_frames: int
    """Feature frames, of 10 ms."""

    @classmethod
    def of(cls, utterance: Utterance) -> Recording:
        """Measure the clip, by its header where that can be relied on.

        Raises:
            AudioError: the clip cannot be read, or is too short or too long for the model.
        """
        n_samples = _samples_in_header(utterance.audio)
        if n_samples is None:
            n_samples = len(load(utterance.audio).samples)
        check_length(n_samples, f"clip {utterance.id}")
        return cls(utterance.id, utterance.audio, n_frames_of(n_samples))

    def samples(self) -> Samples:
        """Decode the clip: float32, shape (n,), 16 kHz.

        Raises:
            AudioError: it cannot be read, or is not as long as it was when it was measured.
        """
        samples = load(self.source).samples
        if n_frames_of(len(samples)) != self.n_frames:
            raise AudioDecodeError(
                f"clip {self.id} has {n_frames_of(len(samples))} frames where its header, or an earlier look "
                f"at it, said {self.n_frames}: convert it to WAV, and leave it alone while this runs"
            )
        return samples


@dataclass(frozen=True, eq=False)
class Example:
    """One task on one clip."""

    id: str
    task: Task
    recording: Recording
    prompt_ids: list[int]
    """The user turn, audio placeholders included."""
    answer_ids: list[int]
    """With the end token."""
    speaker: str | None

    @property
    def n_frames(self) -> int:
        """Feature frames of the clip."""
        return self.recording.n_frames

    @property
    def length(self) -> int:
        """Tokens of prompt and answer."""
        return len(self.prompt_ids) + len(self.answer_ids)


def examples_of(
    utterances: Sequence[Utterance],
    tasks: Sequence[Task],
    prompt: PromptConfig,
    target_config: TargetConfig,
    processor: Processor,
) -> list[Example]:
    """An example for each utterance and task that has the labels; the others are left out.

    Raises:
        AudioError: a clip cannot be read, or is too short or too long for the model.
        CorpusError: labels do not fit the phones that they belong to.
    """
    examples: list[Example] = []
    for utterance in utterances:
        answers = _answers(utterance, tasks, target_config)
        if all(answer is None for _, answer in answers):
            continue
        recording = Recording.of(utterance)
        n_tokens = processor.audio_tokens(recording.n_frames)
        for task, answer in answers:
            if answer is None:
                continue
            ids = processor.prompt_ids(user_turn(task, prompt, utterance.text), n_tokens)
            answer_ids = processor.answer_ids(render(answer))
            examples.append(Example(utterance.id, task, recording, ids, answer_ids, utterance.speaker))
    return examples


def _answers(
    utterance: Utterance, tasks: Sequence[Task], config: TargetConfig
) -> list[tuple[Task, Answer | None]]:
    return [(task, target(task, utterance, config)) for task in tasks]


class Collator:
    """Makes a batch of examples.

    With B examples, L the longest prompt and answer together, and T the longest clip:

        input_ids             (B, L)      int64, padded on the right
        attention_mask        (B, L)      int64, 1 on tokens, 0 on padding
        labels                (B, L)      int64, the answer and its end token; -100 elsewhere
        audio_input_features  (B, T, 80)  float32, zeros after a clip's end
        audio_embed_sizes     (B,)        int64, audio tokens
        audio_attention_mask  (B, T)      bool, True on frames; also there when nothing is padded

    Labels are placed by the lengths of prompt and answer, never by the pad id: that is an end token, too.
    """

    def __init__(
        self,
        processor: Processor,
        *,
        keep_features: bool = False,
        made: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Collate with a processor.

        Args:
            processor: makes features, and knows the pad id.
            keep_features: compute the features of a clip once and keep them, 32 kB for each second.
            made: features (T, 80) that were made before, by the id of the clip.
        """
        self.processor = processor
        self._made = made or {}
        self._kept: dict[Recording, Tensor] | None = {} if keep_features else None

    def __call__(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        """The batch, in the order of the examples.

        Raises:
            AudioError: a clip cannot be read any more.
        """
        ids = [torch.tensor(example.prompt_ids + example.answer_ids) for example in examples]
        labels = [
            torch.tensor([NO_LABEL] * len(example.prompt_ids) + example.answer_ids) for example in examples
        ]
        features = [self._features(example.recording) for example in examples]
        return {
            "input_ids": pad_sequence(ids, batch_first=True, padding_value=self.processor.pad_token_id),
            "attention_mask": pad_sequence([torch.ones_like(row) for row in ids], batch_first=True),
            "labels": pad_sequence(labels, batch_first=True, padding_value=NO_LABEL),
            **audio_batch(features, self.processor),
        }

    def _features(self, recording: Recording) -> Tensor:
        if recording.id in self._made:
            return self._made[recording.id]
        if self._kept is None:
            return self.processor.features(recording.samples(), f"clip {recording.id}")
        if recording not in self._kept:
            self._kept[recording] = self.processor.features(recording.samples(), f"clip {recording.id}")
        return self._kept[recording]


def audio_batch(features: Sequence[Tensor], processor: Processor) -> dict[str, Tensor]:
    """The audio part of a batch, as in `Collator`, from features of shape (T, 80)."""
    masks = [torch.ones(len(clip), dtype=torch.bool) for clip in features]
    return {
        "audio_input_features": pad_sequence(list(features), batch_first=True),
        "audio_embed_sizes": torch.tensor([processor.audio_tokens(len(clip)) for clip in features]),
        "audio_attention_mask": pad_sequence(masks, batch_first=True),
    }


class LengthBatches(Sampler[list[int]]):
    """Batches of like length, in an order that follows from seed and epoch: the same in every process.

    Every example is in one batch of each epoch; the last batch may be smaller. `set_epoch` chooses the epoch.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int, *, shuffle: bool = True) -> None:
        """Prepare for examples of these lengths.

        Args:
            lengths: what takes time and memory, such as `Example.length`.
            batch_size: examples in a batch.
            seed: of the order.
            shuffle: False for the same batches in every epoch, from the longest down.
        """
        super().__init__()
        self.lengths = list(lengths)
        self.batch_size = batch_size
        self.drop_last = False
        self.seed = seed
        self.shuffle = shuffle
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(len(self.lengths) / self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        """The batches of the epoch, as indices of examples."""
        indices = list(range(len(self.lengths)))
        if not self.shuffle:
            return iter(self._cut(indices))
        chance = random.Random(f"{self.seed}/{self.epoch}")
        chance.shuffle(indices)
        span = self.batch_size * _BATCHES_SORTED
        batches = [
            batch
            for start in range(0, len(indices), span)
            for batch in self._cut(indices[start : start + span])
        ]
        chance.shuffle(batches)
        return iter(batches)

    def _cut(self, indices: list[int]) -> list[list[int]]:
        ordered = sorted(indices, key=lambda index: -self.lengths[index])
        size = self.batch_size
        return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def _samples_in_header(source: Path | bytes | Clip) -> int | None:
    """Length at 16 kHz; None where only decoding tells it, or the reason why it cannot be read."""
    if isinstance(source, Clip):
        at_rate = source.sample_rate_hz == SAMPLE_RATE_HZ
        return len(source.samples) if at_rate else None
    try:
        header = cast(Any, sf.info(BytesIO(source) if isinstance(source, bytes) else source))  # pyright: ignore[reportUnknownMemberType]
    except (sf.SoundFileError, TypeError, OSError):
        return None
    if header.samplerate != SAMPLE_RATE_HZ or header.format not in _EXACT_HEADERS:
        return None
    return int(header.frames)
