"""What a transcript may look like, as a mask over the vocabulary (llguidance), so that every answer parses.

Scores need no grammar: their answer has one form with four places to fill (`slots`). A transcript is

    {"word_transcript": "the bear", "phoneme_transcript": "DH AH B EH R"}

with known phones, as one regular expression: of a grammar with several parts, or with counted repetition,
masks over a vocabulary of 200,000 cost ten times as much (20 ms, now 1 or 2), and some hit the limits of
the parser. How long the answer can get is therefore watched here. With more words or phones than
anyone could have spoken in the clip, the next token must close the quotes as soon as it can; without this, a
model that was not trained would never come to an end.

llguidance works on bytes, so any way of cutting the text into tokens is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import llguidance.hf
import llguidance.numpy
import numpy as np
import torch
from llguidance import LLExecutor, LLMatcher
from torch import Tensor

from enunciate.corpus.labels import HEARD_SYMBOLS, STARRED_PHONES
from enunciate.speech_lm.options import TargetConfig
from enunciate.speech_lm.processor import Processor
from enunciate.training.tensors import tensor_of

LETTERS_PER_S, PHONES_PER_S = 25, 20
"""More than the fastest speakers reach (about 20 and 15)."""
_LETTERS_MORE, _PHONES_MORE = 20, 10
_SLICES = ["[a-z]{1,30}", " [a-z]{1,30}"]
"""Groups of tokens that are allowed or not as a whole in most places: this halves the cost of a mask."""
_BITS = 32
_FORM = (b'{"word_transcript": "', b'", "phoneme_transcript": "')


def transcript_grammar(target: TargetConfig) -> str:
    """In llguidance's variant of Lark; the target says whether there are starred phones."""
    symbols = [symbol for symbol in HEARD_SYMBOLS if target.starred == "keep" or symbol not in STARRED_PHONES]
    phone = "(" + "|".join(symbol.replace("*", r"\*") for symbol in symbols) + ")"
    word = "[a-z]+('[a-z]+)*"
    return (
        "start: ANSWER\n"
        rf'ANSWER: /\{{"word_transcript": "({word}( {word})*)?", '
        rf'"phoneme_transcript": "({phone}( {phone})*)?"\}}/'
    )


class TranscriptGrammar:
    """The grammar with a tokenizer; making one takes a second or two for a large vocabulary."""

    def __init__(self, processor: Processor, vocab_size: int, target: TargetConfig) -> None:
        """Prepare for a vocabulary.

        Args:
            processor: its end token is what may follow a whole answer.
            vocab_size: of the model's logits; ids that no token has are never allowed.
            target: whether there are starred phones.
        """
        self.tokens = llguidance.hf.from_tokenizer(
            processor.tokenizer, n_vocab=vocab_size, eos_token=processor.end_token_id, slices=_SLICES
        )
        self.vocab_size = vocab_size
        self.end_token_id = processor.end_token_id
        self.executor = LLExecutor()
        self.closing = torch.tensor([self.bytes_of(token)[:1] == b'"' for token in range(vocab_size)])
        """Tokens that begin with the quote at the end of a transcript, shape (V,)."""
        self._grammar = transcript_grammar(target)

    def start(self, durations_s: Sequence[float]) -> TranscriptMasks:
        """Begin an answer for each clip of a batch; the durations limit how long the answers get."""
        answers = [_Started(LLMatcher(self.tokens, self._grammar), seconds) for seconds in durations_s]
        return TranscriptMasks(self, answers)

    def bytes_of(self, token: int) -> bytes:
        """What a token adds to the text."""
        return self.tokens.decode_bytes([token])


@dataclass
class _Started:
    """An answer on its way."""

    matcher: LLMatcher
    duration_s: float
    text: bytes = b""
    finished: bool = False

    @property
    def is_long(self) -> bool:
        """Whether what is being written, words or phones, is more than can have been said."""
        words, form, phones = self.text.partition(_FORM[1])
        if form:
            return phones.count(b" ") + 1 > PHONES_PER_S * self.duration_s + _PHONES_MORE
        return len(words) - len(_FORM[0]) >= LETTERS_PER_S * self.duration_s + _LETTERS_MORE


class TranscriptMasks:
    """The answers of a batch on their way; one is finished with its end token."""

    def __init__(self, grammar: TranscriptGrammar, answers: Sequence[_Started]) -> None:
        """Take over the answers, none of which has begun."""
        self._grammar = grammar
        self._answers = answers
        self._bits = llguidance.numpy.allocate_token_bitmask(len(answers), grammar.vocab_size)

    @property
    def finished(self) -> list[bool]:
        """Which answers are."""
        return [answer.finished for answer in self._answers]

    def allowed(self, device: torch.device) -> Tensor:
        """Which tokens may come next, bool, shape (B, V); all of them for an answer that is finished."""
        going = [(a.matcher, row) for row, a in enumerate(self._answers) if not a.finished]
        self._bits[np.array(self.finished)] = -1
        if going:
            llguidance.numpy.fill_next_token_bitmask_par(self._grammar.executor, going, self._bits)
        bits = tensor_of(self._bits).to(device)
        places = torch.arange(_BITS, device=device, dtype=torch.int32)
        wide = (bits[:, :, None] >> places) & 1
        allowed = wide.view(len(self._answers), -1)[:, : self._grammar.vocab_size].bool()
        for row, answer in enumerate(self._answers):
            if not answer.finished and answer.is_long:
                self._close(allowed[row])
        return allowed

    def accept(self, tokens: Sequence[int]) -> None:
        """Go on by one token each; those of finished answers are not looked at."""
        for answer, token in zip(self._answers, tokens, strict=True):
            if answer.finished:
                continue
            accepted = answer.matcher.consume_token(token)
            assert accepted, answer.matcher.get_error()
            answer.text += self._grammar.bytes_of(token)
            answer.finished = token == self._grammar.end_token_id

    def _close(self, allowed: Tensor) -> None:
        """Leave of the tokens those that close the quotes, where there are any."""
        closing = allowed & self._grammar.closing.to(allowed.device)
        if closing.any():
            allowed.copy_(closing)
