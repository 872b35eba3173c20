"""From clips to answers: batched greedy decoding, by default constrained so that every answer parses.

Scores: the JSON is given, and only the four numbers are decided, each with a distribution over 0 to 10 (from
the model's probabilities of those numbers alone, given the ones before). Transcripts: token by token under
the grammar. Clips are sorted by length and batched; how a clip is answered does not depend on its batch.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from string import ascii_lowercase
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from peft import PeftModel
from torch import Tensor
from transformers import Phi4MultimodalConfig

from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.errors import ModelNotFoundError
from enunciate.schema import Aspect
from enunciate.speech_lm.decoding.continuation import Continuation, audio_embeddings, base_of
from enunciate.speech_lm.decoding.grammar import (
    LETTERS_PER_S,
    PHONES_PER_S,
    TranscriptGrammar,
    TranscriptMasks,
)
from enunciate.speech_lm.decoding.slots import Floats, Slot, Tokens, common_prefix, find_slots
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.options import PromptConfig, TargetConfig, Task
from enunciate.speech_lm.processor import Processor, check_length
from enunciate.speech_lm.prompts import user_turn
from enunciate.speech_lm.targets import SCORES, Answer, ApaAnswer, MddAnswer, Unparsable, parse, render
from enunciate.speech_lm.training.data import audio_batch
from enunciate.training.tensors import float_list, int_list

Item = tuple[Samples, str | None]
"""A clip, float32 at 16 kHz, and the text that was to be read, if it is known."""

_PHONES = re.compile(rb'"phoneme_transcript"\s*:\s*"([^"]*)"')
_FREE_TOKENS, _FREE_TOKENS_PER_S = 100, LETTERS_PER_S + PHONES_PER_S
"""How long an unconstrained answer can get."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """One answer."""

    answer: Answer | Unparsable
    raw: str
    """What the model wrote, without the end token."""
    distributions: Mapping[Aspect, Floats] | None = None
    """Of constrained scores: probabilities of 0 to 10, shape (11,), for each aspect."""
    phone_probabilities: tuple[float, ...] | None = None
    """Of a transcript that parses, one for each phone: the product over its tokens of the probability among
    those tokens that were allowed."""


def expectation(distribution: npt.NDArray[np.floating]) -> float:
    """The mean of a distribution over 0 to 10."""
    return float(np.dot(distribution, np.arange(len(SCORES))))


@dataclass(frozen=True)
class _Written:
    """The tokens of one answer, without the end token, with the probability of each."""

    tokens: list[int]
    probabilities: list[float]


class Decoder:
    """Decodes with a model, merged or with its adapter beside it, on whatever device it is."""

    def __init__(
        self,
        model: Phi4MultimodalForCausalLM | PeftModel,
        processor: Processor,
        prompt: PromptConfig,
        *,
        constrained: bool = True,
        max_batch: int = 16,
        target: TargetConfig | None = None,
    ) -> None:
        """Prepare to decode.

        Args:
            model: its weights' type is that of the computation.
            processor: of the model, with the control tokens that it was trained with.
            prompt: as in training.
            constrained: False for what the model says by itself, which may not parse.
            max_batch: clips that are decoded together.
            target: as in training; None for starred phones allowed.

        Raises:
            ModelNotFoundError: the processor is another model's.
        """
        self._outer = model
        self._model = base_of(model)
        self._processor = processor
        self._prompt = prompt
        self._constrained = constrained
        self._max_batch = max_batch
        self._target = target or TargetConfig()
        config = self._model.config
        if processor.n_ids > config.vocab_size or processor.audio_token_id != _audio_token_id(config):
            raise ModelNotFoundError(
                f"the tokenizer (ids up to {processor.n_ids - 1}, audio {processor.audio_token_id}) is not "
                f"that of the model (ids under {config.vocab_size}, audio {_audio_token_id(config)}): "
                "give a folder in which the two belong together"
            )

    def decode(self, task: Task, items: Sequence[Item]) -> list[Decoded]:
        """Answers to one task, in the order of the clips.

        Raises:
            AudioTooLongError: a clip is longer than 40 s; nothing has been decoded then.
            AudioTooShortError: a clip is shorter than 25 ms.
        """
        return self.decode_tasks([task], items)[task]

    def decode_tasks(self, tasks: Sequence[Task], items: Sequence[Item]) -> dict[Task, list[Decoded]]:
        """Answers to several tasks, in the order of the clips; each clip is encoded once.

        Raises:
            AudioTooLongError: a clip is longer than 40 s; nothing has been decoded then.
            AudioTooShortError: a clip is shorter than 25 ms.
        """
        for index, (samples, _) in enumerate(items):
            check_length(len(samples), _name(index, items))
        order = sorted(range(len(items)), key=lambda index: -len(items[index][0]))
        found: dict[Task, dict[int, Decoded]] = {task: {} for task in tasks}
        with _evaluating(self._outer), torch.inference_mode():
            for start in range(0, len(order), self._max_batch):
                chosen = order[start : start + self._max_batch]
                batch = [items[index] for index in chosen]
                audio = self._encode(batch)
                for task in tasks:
                    found[task].update(zip(chosen, self._answers(task, batch, audio), strict=True))
        return {task: [found[task][index] for index in range(len(items))] for task in tasks}

    def _encode(self, batch: Sequence[Item]) -> list[Tensor]:
        features = [self._processor.features(samples) for samples, _ in batch]
        audio = audio_batch(features, self._processor)
        return audio_embeddings(self._model, audio, self._processor.audio_token_id)

    def _answers(self, task: Task, batch: Sequence[Item], audio: Sequence[Tensor]) -> list[Decoded]:
        prompts = [
            self._processor.prompt_ids(user_turn(task, self._prompt, text), len(embedded))
            for (_, text), embedded in zip(batch, audio, strict=True)
        ]
        durations_s = [len(samples) / SAMPLE_RATE_HZ for samples, _ in batch]
        run = Continuation(self._model, self._processor)
        if not self._constrained:
            run.feed(prompts, audio)
            limits = [_FREE_TOKENS + round(_FREE_TOKENS_PER_S * seconds) for seconds in durations_s]
            return [self._read(task, written) for written in self._write(run, len(batch), limits=limits)]
        if task == "apa":
            return self._scores(run, prompts, audio)
        masks = self._grammar.start(durations_s)
        first = list(self._opening)
        run.feed([prompt + first for prompt in prompts], audio)
        for token in first:
            masks.accept([token] * len(batch))
        opened = _Written(first, [1.0] * len(first))
        return [self._read(task, w) for w in self._write(run, len(batch), masks=masks, opened=opened)]

    # ------------------------------------------------------------------------------------------ scores

    @cached_property
    def _slots(self) -> tuple[tuple[Slot, ...], Tokens]:
        return find_slots(self._processor)

    def _scores(
        self, run: Continuation, prompts: Sequence[list[int]], audio: Sequence[Tensor]
    ) -> list[Decoded]:
        """Fill the places one after the other: a forward pass each, and one where a number is two tokens."""
        slots, _ = self._slots
        distributions: dict[Aspect, Floats] = {}
        numbers: list[list[int]] = []
        rows = [[*prompt, *slots[0].before] for prompt in prompts]
        for index, slot in enumerate(slots):
            run.feed(rows, audio if index == 0 else None)
            distribution = slot.distributions(_logits_at(run, slot.choices, len(prompts)))
            distributions[slot.aspect] = distribution
            best = [int(number) for number in distribution.argmax(axis=1)]
            numbers.append(best)
            if index + 1 < len(slots):
                rows = [[*slot.values[number], *slots[index + 1].before] for number in best]
        aspects = list(distributions)
        return [
            _scored(
                ApaAnswer.model_validate(dict(zip(aspects, row, strict=True))),
                {aspect: distributions[aspect][index] for aspect in aspects},
            )
            for index, row in enumerate(zip(*numbers, strict=True))
        ]

    # ------------------------------------------------------------------------------------- transcripts

    @cached_property
    def _grammar(self) -> TranscriptGrammar:
        return TranscriptGrammar(self._processor, self._model.config.vocab_size, self._target)

    @cached_property
    def _opening(self) -> Tokens:
        """The tokens that every transcript begins with, whatever its first word."""
        answers = [MddAnswer(word_transcript=word, phoneme_transcript="") for word in ("", *ascii_lowercase)]
        return common_prefix(self._processor, [render(answer) for answer in answers])

    def _write(
        self,
        run: Continuation,
        n_rows: int,
        *,
        masks: TranscriptMasks | None = None,
        opened: _Written | None = None,
        limits: Sequence[int] | None = None,
    ) -> list[_Written]:
        """The most likely token again and again, until every row has ended."""
        written = [
            _Written([*opened.tokens], [*opened.probabilities]) if opened else _Written([], [])
            for _ in range(n_rows)
        ]
        ends = {self._processor.end_token_id, self._processor.pad_token_id}
        going = [True] * n_rows
        while any(going):
            logits = run.logits()
            if masks is not None:
                logits = logits.masked_fill(~masks.allowed(run.device), float("-inf"))
            best, places = logits.max(dim=-1)
            probabilities = float_list((best - logits.logsumexp(dim=-1)).exp().double())
            tokens = int_list(places)
            if masks is not None:
                masks.accept(tokens)
            going = [still and token not in ends for still, token in zip(going, tokens, strict=True)]
            for row, token, probability, still in zip(written, tokens, probabilities, going, strict=True):
                if still:
                    row.tokens.append(token)
                    row.probabilities.append(probability)
            if limits is not None:
                going = [s and len(w.tokens) < n for s, w, n in zip(going, written, limits, strict=True)]
            if any(going):
                run.feed([[token] if still else [] for token, still in zip(tokens, going, strict=True)])
        return written

    def _read(self, task: Task, written: _Written) -> Decoded:
        raw = self._processor.text_of(written.tokens)
        answer = parse(task, raw)
        if not isinstance(answer, MddAnswer):
            return Decoded(answer, raw)
        probabilities = self._phone_probabilities(written)
        return Decoded(answer, raw, None, probabilities if len(probabilities) == len(answer.phones) else None)

    def _phone_probabilities(self, written: _Written) -> tuple[float, ...]:
        """A token belongs to every phone that it has a part of; the space in front is a phone's own."""
        pieces = [self._grammar.bytes_of(token) for token in written.tokens]
        ends = np.cumsum([len(piece) for piece in pieces])
        starts = ends - [len(piece) for piece in pieces]
        found = _PHONES.search(b"".join(pieces))
        if found is None:
            return ()
        products: list[float] = []
        for phone in re.finditer(rb"\s*\S+", found[1]):
            start, end = found.start(1) + phone.start(), found.start(1) + phone.end()
            inside = np.flatnonzero((starts < end) & (ends > start))
            products.append(float(np.prod([written.probabilities[index] for index in inside])))
        return tuple(products)


def _scored(answer: ApaAnswer, distributions: Mapping[Aspect, Floats]) -> Decoded:
    return Decoded(answer, render(answer), distributions)


def _logits_at(run: Continuation, choices: Mapping[Tokens, Tokens], n_rows: int) -> dict[Tokens, Floats]:
    """The logits at each choice inside of a number; those after its first tokens cost a forward pass."""
    found: dict[Tokens, Floats] = {}
    for prefix, tokens in choices.items():
        if prefix:
            run.feed([prefix] * n_rows)
        found[prefix] = run.logits_of(tokens).double().cpu().numpy()
        if prefix:
            run.take_back(len(prefix))
    return found


def _audio_token_id(config: Phi4MultimodalConfig) -> int:
    return cast(Any, config).audio_config.audio_token_id


def _name(index: int, items: Sequence[Item]) -> str:
    return "the clip" if len(items) == 1 else f"clip {index + 1} of {len(items)}"


@contextmanager
def _evaluating(model: torch.nn.Module) -> Generator[None, None, None]:
    """Without dropout; afterwards the model is in the mode in which it was."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
