"""A small tokenizer for tiny models: byte-level BPE with the names of Phi-4's special tokens.

To keep answers short, each of their parts is one token: the JSON around the values (`{"accuracy":`), the
integers from 0 to 10 and every phone, with and without a space in front. Words are learnt from the texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, cast

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from enunciate.corpus.labels import HEARD_SYMBOLS
from enunciate.errors import RecipeError
from enunciate.schema import ASPECTS
from enunciate.speech_lm.families.phi4.special_tokens import END_OF_TEXT, SPECIAL_TOKENS
from enunciate.speech_lm.targets import SCORES

RESERVED_IDS = 8
"""Ids at the end of the vocabulary that stay free for control tokens, which are trained later."""
MIN_VOCABULARY = 600
"""Enough for the bytes, all the tokens above and the reserved ids."""

_FORM = (
    *(f'{"{" if aspect == ASPECTS[0] else ", "}"{aspect}":' for aspect in ASPECTS),
    '{"word_transcript": "',
    '", "phoneme_transcript": "',
    '"}',
)
_SYMBOLS = (*map(str, SCORES), *HEARD_SYMBOLS)
# A phone, 10 or a digit, a word, punctuation, white space; each but the last with the space before it.
# (`<unk>` is not an added token, because llguidance treats added tokens of this form as special ones.)
_PIECE = (
    r" ?<unk>| ?[A-Z]{1,2}\*?(?![A-Za-z*])| ?10(?!\p{N})| ?\p{N}"
    r"| ?\p{L}+(?:'\p{L}+)*| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
)
_SPACE = "Ġ"
"""A space in the byte-level alphabet."""


class _Adds(Protocol):
    def add_tokens(self, tokens: list[AddedToken]) -> int: ...

    def add_special_tokens(self, tokens: list[AddedToken]) -> int: ...


def build_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Learn a vocabulary.

    Args:
        texts: What the model will read and write; frequent words become tokens first.
        vocab_size: Vocabulary size of the model. Ids from `vocab_size - RESERVED_IDS` on are never used.

    Raises:
        RecipeError: The vocabulary is smaller than `MIN_VOCABULARY`.
    """
    if vocab_size < MIN_VOCABULARY:
        raise RecipeError("vocab_size", [f"{vocab_size} is too small: give {MIN_VOCABULARY} or more"])
    room = vocab_size - RESERVED_IDS - len(SPECIAL_TOKENS) - len(_FORM)
    tokenizer = _byte_level(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=room, initial_alphabet=_alphabet(), show_progress=False, special_tokens=[]
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer = _byte_level(_with_symbols(tokenizer, room))
    added = cast(_Adds, tokenizer)
    added.add_tokens([AddedToken(piece, normalized=False) for piece in _FORM])
    added.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL_TOKENS])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END_OF_TEXT,
        bos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        unk_token=END_OF_TEXT,
        clean_up_tokenization_spaces=False,
    )


def _alphabet() -> list[str]:
    return sorted(pre_tokenizers.ByteLevel.alphabet())


def _byte_level(model: models.BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    split = pre_tokenizers.Split(Regex(_PIECE), "isolated")
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, to_bytes])  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    return tokenizer


def _with_symbols(trained: Tokenizer, room: int) -> models.BPE:
    """Put the merges that make every symbol one token before the learnt ones, and build the vocabulary."""
    learnt = cast("dict[str, Any]", json.loads(trained.to_str()))["model"]["merges"]
    merges = list(dict.fromkeys([*_symbol_merges(), *((left, right) for left, right in learnt)]))
    tokens = _alphabet()
    known = set(tokens)
    kept: list[tuple[str, str]] = []
    for left, right in merges:
        if len(tokens) == room:
            break
        if left in known and right in known and left + right not in known:
            tokens.append(left + right)
            known.add(left + right)
            kept.append((left, right))
    return models.BPE(vocab={token: index for index, token in enumerate(tokens)}, merges=kept)


def _symbol_merges() -> Iterator[tuple[str, str]]:
    """Yield merges that build each symbol from the left, those with a space first: "1" and "0" merge late."""
    for prefix in (_SPACE, ""):
        for symbol in _SYMBOLS:
            whole = prefix + symbol
            for end in range(1, len(whole)):
                yield whole[:end], whole[end]
