"""Batched greedy decoding of answers about clips, by default constrained so that every answer parses.

For scores the JSON is fixed, and only the four numbers are decoded (`scores`). Transcripts are
decoded token by token under the grammar (`greedy`). Clips are sorted by length and batched; the answer to a
clip does not depend on its batch.
"""

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import cast

import torch
from torch import Tensor, nn

from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.audio_batch import audio_batch
from enunciate.speech_lm.audio_geometry import clip_name
from enunciate.speech_lm.decoding.automaton import token_table
from enunciate.speech_lm.decoding.continuation import Continuation, base_of
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.decoding.free_answers import decode_freely, most_tokens
from enunciate.speech_lm.decoding.grammar_tokens import token_bytes
from enunciate.speech_lm.decoding.greedy import GreedyTranscripts
from enunciate.speech_lm.decoding.score_answers import answer_with_scores
from enunciate.speech_lm.decoding.scores import GrowingSequences
from enunciate.speech_lm.decoding.shared_prefixes import SharedPrefixes, prefix_length
from enunciate.speech_lm.decoding.slots import Slot, Tokens, find_slots
from enunciate.speech_lm.decoding.static_continuation import StaticContinuation
from enunciate.speech_lm.decoding.static_decoding import (
    TOGETHER,
    AlreadyFed,
    StaticDecoding,
    can_be_static,
)
from enunciate.speech_lm.decoding.transcripts import TokenSequence, read_decoded, transcript_opening
from enunciate.speech_lm.families.speech_model import Heard
from enunciate.speech_lm.options import TASKS, PromptConfig, TargetConfig, Task
from enunciate.speech_lm.processor import Processor

Item = tuple[Samples, str | None]
"""A clip, (n,) float32 at 16 kHz, and its reference text, if there is one."""


@dataclass(frozen=True, eq=False)
class ClipFeatures:
    """A clip whose features are computed."""

    features: Tensor
    """(T, M), on any device."""
    duration_s: float
    text: str | None
    """The reference text, if there is one."""


class Decoder:
    """Decodes answers with a model, merged or with a separate adapter, on the device of the model."""

    def __init__(
        self,
        model: nn.Module,
        processor: Processor,
        prompt: PromptConfig,
        *,
        constrained: bool = True,
        max_batch: int = 16,
        target: TargetConfig | None = None,
        paths: int = 1,
        static: bool = False,
    ) -> None:
        """Prepare to decode.

        Args:
            model: A `SpeechModel`, or PEFT's wrapper of one; it computes in the type of its weights.
            processor: Its processor, with the control tokens that it was trained with.
            prompt: As in training.
            constrained: False to decode without a grammar; answers may then not parse.
            max_batch: Maximum number of clips that are decoded together.
            target: As in training; by default starred phones are allowed.
            paths: As in `scores.decode_scores`.
            static: Decode in passes of fixed shapes (`static_decoding`), if the model and the memory allow
                it: the same answers, and on a GPU CUDA graphs.

        Raises:
            ModelNotFoundError: The processor belongs to another model.
        """
        self._outer = model
        self._model = base_of(model)
        self._processor = processor
        self._prompt = prompt
        self._constrained = constrained
        self._max_batch = max_batch
        self._target = target or TargetConfig()
        self._paths = paths
        self._is_static = static
        self._alone = Lock()  # held while clips are decoded, because static passes share their stores
        known, own = self._model.n_vocabulary, self._model.audio_token_id
        if processor.n_ids > known or processor.audio_token_id != own:
            raise ModelNotFoundError(
                f"the tokenizer (ids up to {processor.n_ids - 1}, audio {processor.audio_token_id}) is not "
                f"that of the model (ids under {known}, audio {own}): "
                "give a folder in which the two belong together"
            )

    def of_model(self, model: nn.Module, *, static: bool = False) -> Decoder:
        """Return the decoder of another model with the same vocabulary, on the same device."""
        other = copy.copy(self)
        other._is_static = static
        other._outer, other._model = model, base_of(model)
        for of_the_model in ("_static", "_static_starts", "_plain_starts"):
            other.__dict__.pop(of_the_model, None)
        return other

    @cached_property
    def _static(self) -> StaticDecoding | None:
        if not self._is_static or not can_be_static(self._model):
            return None
        return StaticDecoding(self._model, self._processor.pad_token_id, self._processor.geometry)

    def decode(self, task: Task, items: Sequence[Item]) -> list[DecodedAnswer]:
        """Return the answers to one task, in the order of the clips.

        Raises:
            AudioTooLongError: A clip is longer than 40 s; nothing has been decoded then.
            AudioTooShortError: A clip is shorter than 25 ms.
        """
        return self.decode_tasks([task], items)[task]

    def decode_tasks(self, tasks: Sequence[Task], items: Sequence[Item]) -> dict[Task, list[DecodedAnswer]]:
        """Return the answers to several tasks, in the order of the clips; each clip is encoded once.

        Raises:
            AudioTooLongError: A clip is longer than 40 s; nothing has been decoded then.
            AudioTooShortError: A clip is shorter than 25 ms.
        """
        for index, (samples, _) in enumerate(items):
            self._processor.geometry.check_length(len(samples), clip_name(index, len(items)))
        clips = [
            ClipFeatures(self._processor.features(samples), len(samples) / SAMPLE_RATE_HZ, text)
            for samples, text in items
        ]
        return self.decode_features(tasks, clips)

    def decode_features(
        self, tasks: Sequence[Task], clips: Sequence[ClipFeatures]
    ) -> dict[Task, list[DecodedAnswer]]:
        """Return the answers to several tasks about clips whose features are computed, in their order."""
        order = sorted(range(len(clips)), key=lambda index: -clips[index].duration_s)
        answers: dict[Task, dict[int, DecodedAnswer]] = {task: {} for task in tasks}
        with self._alone, _evaluating(self._outer), torch.inference_mode():
            for start in range(0, len(order), self._max_batch):
                chosen = order[start : start + self._max_batch]
                batch = [clips[index] for index in chosen]
                geometry = self._processor.geometry
                audio = audio_batch([clip.features for clip in batch], geometry)
                heard = (self._static or self._model).encode(audio)
                for task, found in self._answers_to_all(tasks, batch, heard).items():
                    answers[task].update(zip(chosen, found, strict=True))
        return {task: [answers[task][index] for index in range(len(clips))] for task in tasks}

    def _answers_to_all(
        self, tasks: Sequence[Task], batch: Sequence[ClipFeatures], heard: Heard
    ) -> dict[Task, list[DecodedAnswer]]:
        together = self._constrained and self._target.scores == "chained" and len(batch) <= TOGETHER
        if self._static is None or not together or set(tasks) != set(TASKS):
            return {task: self._answers(task, batch, heard) for task in tasks}
        scored, heard_phones = self._prompts("apa", batch), self._prompts("mdd", batch)
        slots, _ = self._slots
        begun = [[*prompt, *slots[0].before] for prompt in scored]
        opened = [[*prompt, *self._opening] for prompt in heard_phones]
        whole, rests = self._static_starts.begin(heard, [begun, opened], "several tasks")
        whole.feed([*rests[0], *rests[1]])
        clips = len(batch)
        scores = cast("StaticContinuation", whole).split(range(clips))
        phones = cast("StaticContinuation", whole).split(range(clips, 2 * clips))
        # The sequences of one task are continued to their end before those of the next.
        return {"apa": self._scores(AlreadyFed(scores), scored), "mdd": self._transcribed(phones, batch)}

    @cached_property
    def _plain_starts(self) -> SharedPrefixes:
        model, pad = self._model, self._processor.pad_token_id
        return SharedPrefixes(lambda heard, _: Continuation(model, pad, heard), model.audio_token_id)

    @cached_property
    def _static_starts(self) -> SharedPrefixes:
        assert self._static is not None
        return SharedPrefixes(self._static.begin, self._model.audio_token_id)

    def _prompts(self, task: Task, batch: Sequence[ClipFeatures]) -> list[list[int]]:
        processor = self._processor
        return [
            processor.task_ids(task, self._prompt, clip.text, processor.geometry.n_tokens(len(clip.features)))
            for clip in batch
        ]

    def _answers(self, task: Task, batch: Sequence[ClipFeatures], heard: Heard) -> list[DecodedAnswer]:
        prompts = self._prompts(task, batch)
        own = max(map(len, prompts)) - prefix_length(prompts, self._model.audio_token_id)
        has_room = self._static is not None and self._static.has_room(len(batch), own)
        starts = self._static_starts if has_room else self._plain_starts
        sequences, (prompts,) = starts.begin(heard, [prompts])
        if not self._constrained:
            sequences.feed(prompts)
            limits = [most_tokens(clip.duration_s) for clip in batch]
            ends = {self._processor.end_token_id, self._processor.pad_token_id}
            decoded = decode_freely(sequences, limits, ends)
            return [self._parse(task, one) for one in decoded]
        if task == "apa":
            return self._scores(sequences, prompts)
        sequences.feed([[*prompt, *self._opening] for prompt in prompts])
        return self._transcribed(sequences, batch)

    def _transcribed(self, sequences: Continuation, batch: Sequence[ClipFeatures]) -> list[DecodedAnswer]:
        durations_s = [clip.duration_s for clip in batch]
        decoded = self._transcripts.decode(sequences, self._opening, durations_s)
        return [self._parse("mdd", one) for one in decoded]

    # ------------------------------------------------------------------------------------------ scores

    @cached_property
    def _slots(self) -> tuple[tuple[Slot, ...], Tokens]:
        return find_slots(self._processor)

    def _scores(self, sequences: GrowingSequences, prompts: Sequence[list[int]]) -> list[DecodedAnswer]:
        slots, _ = self._slots
        return answer_with_scores(
            sequences, prompts, slots, self._target, paths=self._paths, blank_id=self._processor.blank_id
        )

    # ------------------------------------------------------------------------------------- transcripts

    @cached_property
    def _pieces(self) -> list[bytes]:
        return token_bytes(self._processor.tokenizer, self._model.n_vocabulary, self._processor.end_token_id)

    @cached_property
    def _transcripts(self) -> GreedyTranscripts:
        processor = self._processor
        table = token_table(self._pieces, processor.end_token_id, self._target, processor.text_ids)
        return GreedyTranscripts(table, self._model.device)

    @cached_property
    def _opening(self) -> Tokens:
        return transcript_opening(self._processor)

    def _parse(self, task: Task, decoded: TokenSequence) -> DecodedAnswer:
        raw = self._processor.text_of(decoded.tokens)
        return read_decoded(task, raw, decoded, self._pieces.__getitem__)


@contextmanager
def _evaluating(model: torch.nn.Module) -> Generator[None, None, None]:
    """Switch dropout off, and restore the mode of the model afterwards."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
