"""What `decode_latency.py` decodes: prompts of real lengths, random clips, a transcript that is put in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from phi4_sizes import Size
from torch import Tensor

from enunciate.speech_lm.decoding.decoder import ClipFeatures, Decoder
from enunciate.speech_lm.decoding.greedy import APPENDED_ROWS, GreedyTranscripts
from enunciate.speech_lm.families.phi4.model import random_base
from enunciate.speech_lm.families.phi4.processor import Phi4Processor
from enunciate.speech_lm.options import PromptConfig, Task
from enunciate.speech_lm.targets import MddAnswer, render

WORDS = "i think the weather is nice today and we go out".split()
PHONES = "AY TH IH NG K DH AH W EH DH ER IH Z N AY S T AH D EY AE N D W IY G OW AW T".split()


class FixedLengths(Phi4Processor):
    """A processor whose prompts have the lengths of the real ones."""

    size: Size

    def __init__(self, *inputs: Any, **options: Any) -> None:
        super().__init__(*inputs, **options)
        self.instructions: dict[tuple[object, ...], tuple[list[int], list[int]]] = {}

    def task_ids(self, task: Task, prompt: PromptConfig, text: str | None, n_audio_tokens: int) -> list[int]:
        """Return a prompt of the right length, whatever the vocabulary; each is made once."""
        key = task, prompt, text
        if key not in self.instructions:
            self.instructions[key] = self._around_audio(task, prompt, text)
        before, after = self.instructions[key]
        return [*before, *[self.audio_token_id] * n_audio_tokens, *after]

    def _around_audio(
        self, task: Task, prompt: PromptConfig, text: str | None
    ) -> tuple[list[int], list[int]]:
        n_audio_tokens = self.size.audio_tokens
        short = super().task_ids(task, PromptConfig(rubric=False), text, n_audio_tokens)
        lengths = self.size.examples[task]
        filler = self.text_ids(" the")
        missing = lengths.total - lengths.answer - len(short)
        instruction = (filler * max(0, missing))[: max(0, missing)]
        place = short.index(self.audio_token_id) if prompt.instruction == "before" else len(short) - 2
        ids = [*short[:place], *instruction, *short[place:]]
        start = ids.index(self.audio_token_id)
        return ids[:start], ids[start + n_audio_tokens :]


def processor_of(size: Size, ranks: Path | None) -> FixedLengths:
    """Return a processor with Phi-4's vocabulary, or with a small one."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support import o200k, small_tokenizer

    if ranks is None:
        texts, size_of_it = ["we call it bear", "good day"], small_tokenizer.MIN_VOCABULARY
        tokenizer = small_tokenizer.build_tokenizer(texts, size_of_it)
    else:
        o200k.RANKS = ranks
        tokenizer = o200k.o200k()
    processor = FixedLengths(tokenizer)
    processor.size = size
    return processor


def model_of(size: Size, processor: Phi4Processor, dtype: torch.dtype) -> Any:
    """Return a model that knows the ids of the vocabulary."""
    config = size.config()
    config.vocab_size = max(config.vocab_size, processor.n_ids)
    config.audio_config.audio_token_id = processor.audio_token_id
    config.pad_token_id = processor.pad_token_id
    config.eos_token_id = [processor.pad_token_id, processor.end_token_id]
    torch.manual_seed(0)
    return random_base(config, dtype, size.device).eval()


class PutIn(GreedyTranscripts):
    """Computes every choice, and takes the next token of one transcript instead."""

    script: Sequence[int]
    """Columns of all tokens after the opening, with the end token."""
    choices: Sequence[int]
    """Those of them that are not the only way."""
    asked = 0

    def begin(self, opening: Sequence[int], tokens: Sequence[int]) -> None:
        """Prepare a transcript, of which `tokens` are all, the end token included."""
        state, choices, script = self.table.walk(opening), [], []
        for token in tokens[len(opening) :]:
            script.append(self.table.place_of(token))
            if self.table.only_way[state] < 0:
                choices.append(script[-1])
            state = int(self.table.following[state, script[-1]])
        self.script, self.choices = script, choices

    def decode(self, sequences: Any, opening: Sequence[int], durations_s: Sequence[float]) -> Any:
        """Start from the beginning of the transcript."""
        self.asked = 0
        return super().decode(sequences, opening, durations_s)

    def _choose(self, sequences: Any, state: Tensor, is_long: Tensor) -> tuple[Tensor, Tensor]:
        column, chance = super()._choose(sequences, state, is_long)
        script = self.choices if len(state) <= APPENDED_ROWS else self.script
        put_in = torch.full_like(column, script[min(self.asked, len(script) - 1)])
        self.asked += 1
        return put_in, chance


def put_transcript_in(decoder: Decoder, processor: Phi4Processor, n_tokens: int) -> PutIn:
    """Let a decoder write one transcript of about so many tokens."""
    opening = decoder._opening

    def tokens(n: int) -> list[int]:
        phones = " ".join((PHONES * n)[: 3 * n])
        return processor.answer_ids(
            render(MddAnswer(word_transcript=" ".join((WORDS * n)[:n]), phoneme_transcript=phones))
        )

    chosen = min(map(tokens, range(1, n_tokens)), key=lambda ids: abs(len(ids) - n_tokens))
    writer = PutIn(decoder._transcripts.table, decoder._model.device)
    writer.begin(opening, chosen)
    decoder.__dict__["_transcripts"] = writer
    return writer


LENGTHS_S = (2.40, 2.73, 2.97, 3.19, 3.38, 3.65, 3.96, 4.42, 5.17, 7.45)
"""The lengths of Speechocean762's clips: the middle of each tenth."""


def clips_of(size: Size, n: int, lengths_s: Sequence[float] = ()) -> list[ClipFeatures]:
    """Return clips of random features, of these lengths in turn, or all of the length that is usual."""
    chance = torch.Generator().manual_seed(0)
    frames = [round(100 * seconds) for seconds in lengths_s] or [size.frames]
    return [
        ClipFeatures(torch.randn(length, 80, generator=chance) * 3.8 + 13.8, length / 100, None)
        for length in (frames * n)[:n]
    ]
