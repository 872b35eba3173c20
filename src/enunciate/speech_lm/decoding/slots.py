"""The answer of the scoring task as fixed tokens with four slots between them, and the values of each slot.

    {"accuracy": 8, "fluency": 8, "prosodic": 9, "total": 10}
                 ^             ^              ^           ^^   slots: 0 to 10

The number of tokens of a score depends on the tokenizer: "10" may be one token, or two of which the first is
also "1". The slots are therefore found by comparing tokenized answers, and the probability of a score is that
of its tokens up to the point after which no other score is possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

import numpy as np
import numpy.typing as npt

from enunciate.schema import ASPECTS, Aspect
from enunciate.speech_lm.targets import SCORES, ApaAnswer, render

Tokens = tuple[int, ...]
Floats = npt.NDArray[np.float64]


BLANK = " ?"
"""The text that stands in place of a hidden number."""


class Tokenizes(Protocol):
    """A tokenizer of texts, such as `Processor`; this module itself does not import torch."""

    def text_ids(self, text: str) -> list[int]:
        """Return the ids of a text, without special tokens around it."""
        ...


@dataclass(frozen=True)
class Slot:
    """One slot: the fixed tokens before it, and the tokens that may fill it."""

    aspect: Aspect
    before: Tokens
    """Fixed tokens since the previous slot, or since the beginning of the answer."""
    values: tuple[Tokens, ...]
    """The tokens of each integer from 0 to 10."""
    after: int
    """The token that follows every number."""

    @property
    def choices(self) -> dict[Tokens, Tokens]:
        """The possible next tokens after each prefix of a number, where there is more than one."""
        ways = [(*value, self.after) for value in self.values]
        prefixes = sorted({way[:length] for way in ways for length in range(len(way))}, key=len)
        following = {
            prefix: tuple(sorted({way[len(prefix)] for way in ways if way[: len(prefix)] == prefix}))
            for prefix in prefixes
        }
        return {prefix: tokens for prefix, tokens in following.items() if len(tokens) > 1}

    def distributions(self, logits: Mapping[Tokens, Floats]) -> Floats:
        """Return (B, 11) probabilities of the integers from the logits (B, choices) at each prefix."""
        total = np.zeros((next(iter(logits.values())).shape[0], len(SCORES)))
        for prefix, tokens in self.choices.items():
            scores = _log_softmax(logits[prefix])
            for value, ids in enumerate(self.values):
                way = (*ids, self.after)
                if way[: len(prefix)] == prefix:
                    total[:, value] += scores[:, tokens.index(way[len(prefix)])]
        return np.exp(total)


def find_slots(tokenizer: Tokenizes) -> tuple[tuple[Slot, ...], Tokens]:
    """Return the slots of an answer in order, and the tokens after the last slot, without the end token."""
    slots: list[Slot] = []
    done = 0
    tail: Tokens = ()
    for aspect in ASPECTS:
        ways = [_tokens(tokenizer, {aspect: value}) for value in SCORES]
        start = _common(ways)
        rest = min(_common([way[::-1] for way in ways]), *(len(way) - start - 1 for way in ways))
        tail = ways[0][len(ways[0]) - rest :]
        values = tuple(way[start : len(way) - rest] for way in ways)
        slots.append(Slot(aspect, ways[0][done:start], values, tail[0]))
        done = start + len(values[0])
    for value in SCORES:
        pieces = [ids for slot in slots for ids in (slot.before, slot.values[value])]
        whole = tuple(token for ids in (*pieces, tail) for token in ids)
        assert whole == _tokens(tokenizer, dict.fromkeys(ASPECTS, value)), "a number changes its neighbours"
    return tuple(slots), tail


def _tokens(tokenizer: Tokenizes, scores: Mapping[Aspect, int]) -> Tokens:
    """Return the tokens of an answer with these scores and zeros for the others."""
    answer = ApaAnswer.model_validate(dict.fromkeys(ASPECTS, 0) | dict(scores))
    return tuple(tokenizer.text_ids(render(answer)))


def common_prefix(tokenizer: Tokenizes, texts: Sequence[str]) -> Tokens:
    """Return the tokens with which all of the texts begin."""
    ways = [tuple(tokenizer.text_ids(text)) for text in texts]
    return ways[0][: _common(ways)]


def _common(ways: Sequence[Tokens]) -> int:
    same: Callable[[tuple[int, ...]], bool] = lambda tokens: len(set(tokens)) == 1  # noqa: E731
    return sum(1 for _ in takewhile(same, zip(*ways, strict=False)))


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
