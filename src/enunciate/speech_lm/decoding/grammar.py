"""The grammar of a transcript as a mask over the vocabulary (llguidance), so that every answer parses.

Scores need no grammar: their answer has a fixed form with four slots to fill (`slots`). A transcript is

    {"word_transcript": "the bear", "phoneme_transcript": "DH AH B EH R"}

with known phones, as one regular expression: with a grammar of several rules, or with counted repetition,
masks over a vocabulary of 200,000 take ten times as long (20 ms instead of 1 or 2), and some hit the limits
of the parser. The length of the answer is therefore limited here. After more words or phones than anyone
could have spoken in the clip, the next token must close the quotes as soon as possible; without this limit,
an untrained model would never end its answer. Nor are there more phones than the words that were written can
have, because a model that has learnt little goes in circles ("S EH V AH N S EH V AH N") until something ends
them.

llguidance works on bytes, so any tokenization of the text is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase

import llguidance.numpy
import numpy as np
import numpy.typing as npt
from llguidance import LLExecutor, LLMatcher, LLTokenizer

from enunciate.corpus.labels import HEARD_SYMBOLS, STARRED_PHONES
from enunciate.speech_lm.options import TargetConfig

LETTERS_PER_S, PHONES_PER_S = 25, 20
"""The most letters and phones that an answer may have for each second of its clip; the fastest speakers reach
about 20 and 15."""
EXTRA_LETTERS, EXTRA_PHONES = 20, 10
"""The letters and phones that are allowed in addition, whatever the length of the clip."""
MORE_PHONES_THAN_LETTERS = 3
"""An answer may have this many more phones than letters. English texts nearly always have more
letters; in the train split of Speechocean762, no utterance has more than 2 phones more."""
SLICES = ["[a-z]{1,30}", " [a-z]{1,30}"]
"""Groups of tokens that are usually allowed or forbidden as a whole. The tokenizer that is given to
`TranscriptGrammar` takes them, which halves the cost of a mask."""
SHARE_OF_WORDS = 0.3
"""The share of a model's positions that the words may take; the phones need the others."""
_TOKENS_OF_FORM = 30
"""The tokens that are kept free after the words: more than a word that has begun and the rest of the JSON
need."""
FORM = (b'{"word_transcript": "', b'", "phoneme_transcript": "')
_LETTERS = [letter.encode() for letter in ascii_lowercase]
_LETTERS_OF_FORM = sum(map(FORM[0].count, _LETTERS))

Mask = npt.NDArray[np.bool_]


def transcript_grammar(target: TargetConfig) -> str:
    """Return the grammar in llguidance's variant of Lark, with or without starred phones."""
    symbols = [symbol for symbol in HEARD_SYMBOLS if target.starred == "keep" or symbol not in STARRED_PHONES]
    phone = "(" + "|".join(symbol.replace("*", r"\*") for symbol in symbols) + ")"
    word = "[a-z]+('[a-z]+)*"
    return (
        "start: ANSWER\n"
        rf'ANSWER: /\{{"word_transcript": "({word}( {word})*)?", '
        rf'"phoneme_transcript": "({phone}( {phone})*)?"\}}/'
    )


class TranscriptGrammar:
    """The grammar for one tokenizer; it needs no torch."""

    def __init__(self, tokens: LLTokenizer, end_token_id: int, target: TargetConfig) -> None:
        """Prepare for a vocabulary.

        Args:
            tokens: The tokenizer, as large as the model's logits; ids without a token are never allowed.
            end_token_id: The token that may follow a complete answer.
            target: Whether there are starred phones.
        """
        self.tokens = tokens
        self.vocab_size: int = tokens.vocab_size
        self.end_token_id = end_token_id
        self.executor = LLExecutor()
        self.closing = np.array([self.bytes_of(token)[:1] == b'"' for token in range(self.vocab_size)])
        """Tokens that begin with the quote at the end of a transcript, shape (V,)."""
        self._grammar = transcript_grammar(target)

    def start(self, durations_s: Sequence[float], max_tokens: int | None = None) -> TranscriptMasks:
        """Start an answer for each clip of a batch.

        Args:
            durations_s: The lengths of the clips, which limit those of the answers.
            max_tokens: Tokens that the model has positions for.
        """
        answers = [
            _PartialAnswer(LLMatcher(self.tokens, self._grammar), seconds, max_tokens)
            for seconds in durations_s
        ]
        return TranscriptMasks(self, answers)

    def bytes_of(self, token: int) -> bytes:
        """Return the bytes that a token adds to the text."""
        return self.tokens.decode_bytes([token])


@dataclass
class _PartialAnswer:
    """An answer that is being decoded."""

    matcher: LLMatcher
    duration_s: float
    max_tokens: int | None
    text: bytes = b""
    n_tokens: int = 0
    finished: bool = False

    @property
    def is_long(self) -> bool:
        """Whether the current part, words or phones, is longer than anyone can have spoken."""
        words, form, phones = self.text.partition(FORM[1])
        if self.max_tokens is not None:
            room = self.max_tokens - _TOKENS_OF_FORM
            if self.n_tokens >= (room if form else round(room * SHARE_OF_WORDS)):
                return True
        if form:
            n_phones, n_letters = phones.count(b" ") + 1, sum(map(words.count, _LETTERS)) - _LETTERS_OF_FORM
            if n_phones > n_letters + MORE_PHONES_THAN_LETTERS:
                return True
            return n_phones > PHONES_PER_S * self.duration_s + EXTRA_PHONES
        return len(words) - len(FORM[0]) >= LETTERS_PER_S * self.duration_s + EXTRA_LETTERS


class TranscriptMasks:
    """Masks for the answers of a batch; an answer is finished when its end token was accepted."""

    def __init__(self, grammar: TranscriptGrammar, answers: Sequence[_PartialAnswer]) -> None:
        """Start with answers that are still empty."""
        self._grammar = grammar
        self._answers = answers
        self._bits = llguidance.numpy.allocate_token_bitmask(len(answers), grammar.vocab_size)

    @property
    def finished(self) -> list[bool]:
        """Whether each answer is finished."""
        return [answer.finished for answer in self._answers]

    @property
    def complete(self) -> list[bool]:
        """Whether each answer is complete, so that nothing but the end token may follow."""
        return [answer.finished or answer.matcher.is_accepting() for answer in self._answers]

    def forced(self) -> list[list[int]]:
        """Return the tokens that must follow in each answer, as the tokenizer cuts their text; often none.

        They need not be generated: they are accepted here, and the model is only to be told.
        """
        forced: list[list[int]] = []
        for answer in self._answers:
            tokens = [] if answer.finished else answer.matcher.compute_ff_tokens()
            for token in tokens:
                self._accept(answer, token)
            forced.append(tokens)
        return forced

    def allowed(self) -> Mask:
        """Return which tokens may come next, shape (B, V); for a finished answer, all of them."""
        going = [(a.matcher, row) for row, a in enumerate(self._answers) if not a.finished]
        self._bits[np.array(self.finished)] = -1
        if going:
            llguidance.numpy.fill_next_token_bitmask_par(self._grammar.executor, going, self._bits)
        bits = np.unpackbits(self._bits.astype("<i4").view(np.uint8), axis=1, bitorder="little")
        allowed = bits[:, : self._grammar.vocab_size].astype(np.bool_)
        for row, answer in enumerate(self._answers):
            if not answer.finished and answer.is_long:
                self._close(allowed[row])
        return allowed

    def accept(self, tokens: Sequence[int]) -> None:
        """Advance each answer by one token; tokens of finished answers are ignored."""
        for answer, token in zip(self._answers, tokens, strict=True):
            if not answer.finished:
                self._accept(answer, token)

    def _accept(self, answer: _PartialAnswer, token: int) -> None:
        accepted = answer.matcher.consume_token(token)
        assert accepted, answer.matcher.get_error()
        answer.text += self._grammar.bytes_of(token)
        answer.n_tokens += 1
        answer.finished = token == self._grammar.end_token_id

    def _close(self, allowed: Mask) -> None:
        """Keep only tokens that close the quotes, if there are any."""
        closing = allowed & self._grammar.closing
        if closing.any():
            allowed[:] = closing
