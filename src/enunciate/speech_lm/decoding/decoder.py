"""From clips to answers: batched greedy decoding, by default constrained so that every answer parses.

For scores the JSON is fixed, and only the four numbers are decoded, each with a distribution over 0 to 10:
the model's probabilities of these numbers, normalised and conditioned on the numbers before. Transcripts are
decoded token by token under the grammar. Clips are sorted by length and batched; the answer to a clip does
not depend on its batch.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, cast

import torch
from peft import PeftModel
from torch import Tensor
from transformers import Phi4MultimodalConfig

from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.errors import ModelNotFoundError
from enunciate.schema import Aspect
from enunciate.speech_lm.audio_batch import audio_batch
from enunciate.speech_lm.decoding.continuation import Continuation, audio_embeddings, base_of
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.decoding.grammar import (
    LETTERS_PER_S,
    PHONES_PER_S,
    TranscriptGrammar,
    TranscriptMasks,
)
from enunciate.speech_lm.decoding.grammar_tokens import grammar_tokens
from enunciate.speech_lm.decoding.slots import Floats, Slot, Tokens, find_slots
from enunciate.speech_lm.decoding.transcripts import TokenSequence, read_decoded, transcript_opening
from enunciate.speech_lm.families.phi4.audio_frames import check_length
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.options import PromptConfig, TargetConfig, Task
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.prompts import user_turn
from enunciate.speech_lm.targets import ApaAnswer, render

Item = tuple[Samples, str | None]
"""A clip, (n,) float32 at 16 kHz, and its reference text, if there is one."""

_UNCONSTRAINED_TOKENS, _UNCONSTRAINED_TOKENS_PER_S = 100, LETTERS_PER_S + PHONES_PER_S
"""Maximum length of an unconstrained answer."""


class Decoder:
    """Decodes answers with a model, merged or with a separate adapter, on the device of the model."""

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
            model: The model; it computes in the type of its weights.
            processor: Its processor, with the control tokens that it was trained with.
            prompt: As in training.
            constrained: False to decode without a grammar; answers may then not parse.
            max_batch: Maximum number of clips that are decoded together.
            target: As in training; by default starred phones are allowed.

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
        config = self._model.config
        if processor.n_ids > config.vocab_size or processor.audio_token_id != _audio_token_id(config):
            raise ModelNotFoundError(
                f"the tokenizer (ids up to {processor.n_ids - 1}, audio {processor.audio_token_id}) is not "
                f"that of the model (ids under {config.vocab_size}, audio {_audio_token_id(config)}): "
                "give a folder in which the two belong together"
            )

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
            check_length(len(samples), _name(index, items))
        order = sorted(range(len(items)), key=lambda index: -len(items[index][0]))
        answers: dict[Task, dict[int, DecodedAnswer]] = {task: {} for task in tasks}
        with _evaluating(self._outer), torch.inference_mode():
            for start in range(0, len(order), self._max_batch):
                chosen = order[start : start + self._max_batch]
                batch = [items[index] for index in chosen]
                audio = self._encode(batch)
                for task in tasks:
                    answers[task].update(zip(chosen, self._answers(task, batch, audio), strict=True))
        return {task: [answers[task][index] for index in range(len(items))] for task in tasks}

    def _encode(self, batch: Sequence[Item]) -> list[Tensor]:
        features = [self._processor.features(samples) for samples, _ in batch]
        return audio_embeddings(self._model, audio_batch(features), self._processor.audio_token_id)

    def _answers(self, task: Task, batch: Sequence[Item], audio: Sequence[Tensor]) -> list[DecodedAnswer]:
        prompts = [
            self._processor.prompt_ids(user_turn(task, self._prompt, text), len(embedded))
            for (_, text), embedded in zip(batch, audio, strict=True)
        ]
        durations_s = [len(samples) / SAMPLE_RATE_HZ for samples, _ in batch]
        sequences = Continuation(self._model, self._processor)
        if not self._constrained:
            sequences.feed(prompts, audio)
            limits = [
                _UNCONSTRAINED_TOKENS + round(_UNCONSTRAINED_TOKENS_PER_S * seconds)
                for seconds in durations_s
            ]
            decoded = self._decode_greedily(sequences, len(batch), limits=limits)
            return [self._parse(task, one) for one in decoded]
        if task == "apa":
            return self._scores(sequences, prompts, audio)
        masks = self._grammar.start(durations_s)
        first = list(self._opening)
        sequences.feed([prompt + first for prompt in prompts], audio)
        for token in first:
            masks.accept([token] * len(batch))
        opened = TokenSequence(first, [1.0] * len(first))
        decoded = self._decode_greedily(sequences, len(batch), masks=masks, opened=opened)
        return [self._parse(task, one) for one in decoded]

    # ------------------------------------------------------------------------------------------ scores

    @cached_property
    def _slots(self) -> tuple[tuple[Slot, ...], Tokens]:
        return find_slots(self._processor)

    def _scores(
        self, sequences: Continuation, prompts: Sequence[list[int]], audio: Sequence[Tensor]
    ) -> list[DecodedAnswer]:
        """Fill the slots in order: one forward pass each, and one more if a number has two tokens."""
        slots, _ = self._slots
        distributions: dict[Aspect, Floats] = {}
        numbers: list[list[int]] = []
        rows = [[*prompt, *slots[0].before] for prompt in prompts]
        for index, slot in enumerate(slots):
            sequences.feed(rows, audio if index == 0 else None)
            distribution = slot.distributions(_logits_at(sequences, slot.choices, len(prompts)))
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
        end = self._processor.end_token_id
        tokens = grammar_tokens(self._processor.tokenizer, self._model.config.vocab_size, end)
        return TranscriptGrammar(tokens, end, self._target)

    @cached_property
    def _opening(self) -> Tokens:
        return transcript_opening(self._processor)

    def _decode_greedily(
        self,
        sequences: Continuation,
        n_rows: int,
        *,
        masks: TranscriptMasks | None = None,
        opened: TokenSequence | None = None,
        limits: Sequence[int] | None = None,
    ) -> list[TokenSequence]:
        """Append the most likely token until every sequence has ended."""
        decoded = [
            TokenSequence([*opened.tokens], [*opened.probabilities]) if opened else TokenSequence([], [])
            for _ in range(n_rows)
        ]
        ends = {self._processor.end_token_id, self._processor.pad_token_id}
        going = [True] * n_rows
        while any(going):
            logits = sequences.logits()
            if masks is not None:
                allowed = torch.from_numpy(masks.allowed()).to(sequences.device)
                logits = logits.masked_fill(~allowed, float("-inf"))
            best, places = logits.max(dim=-1)
            probabilities = cast("list[float]", (best - logits.logsumexp(dim=-1)).exp().double().tolist())
            tokens = cast("list[int]", places.tolist())
            if masks is not None:
                masks.accept(tokens)
            going = [still and token not in ends for still, token in zip(going, tokens, strict=True)]
            for row, token, probability, still in zip(decoded, tokens, probabilities, going, strict=True):
                if still:
                    row.tokens.append(token)
                    row.probabilities.append(probability)
            if limits is not None:
                going = [s and len(w.tokens) < n for s, w, n in zip(going, decoded, limits, strict=True)]
            if any(going):
                sequences.feed([[token] if still else [] for token, still in zip(tokens, going, strict=True)])
        return decoded

    def _parse(self, task: Task, decoded: TokenSequence) -> DecodedAnswer:
        raw = self._processor.text_of(decoded.tokens)
        return read_decoded(task, raw, decoded, self._grammar.bytes_of)


def _scored(answer: ApaAnswer, distributions: Mapping[Aspect, Floats]) -> DecodedAnswer:
    return DecodedAnswer(answer, render(answer), distributions)


def _logits_at(
    sequences: Continuation, choices: Mapping[Tokens, Tokens], n_rows: int
) -> dict[Tokens, Floats]:
    """Return the logits at each choice within a number; each choice after its first token costs a pass."""
    logits: dict[Tokens, Floats] = {}
    for prefix, tokens in choices.items():
        if prefix:
            sequences.feed([prefix] * n_rows)
        logits[prefix] = sequences.logits_of(tokens).double().cpu().numpy()
        if prefix:
            sequences.truncate(len(prefix))
    return logits


def _audio_token_id(config: Phi4MultimodalConfig) -> int:
    return cast(Any, config).audio_config.audio_token_id


def _name(index: int, items: Sequence[Item]) -> str:
    return "the clip" if len(items) == 1 else f"clip {index + 1} of {len(items)}"


@contextmanager
def _evaluating(model: torch.nn.Module) -> Generator[None, None, None]:
    """Switch dropout off, and restore the mode of the model afterwards."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
