"""A small tokenizer for tiny and scale models: byte-level BPE with Phi-4's special tokens by name.

Answers are to be short, so what they are made of is one token each, in the place where it stands: the JSON
around the values (`{"accuracy":`), the integers from 0 to 10 and every phone, with and without a space in
front. Words are learnt from the texts.
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
from enunciate.speech_lm.targets import SCORES

END_OF_TEXT, END = "<|endoftext|>", "<|end|>"
SPECIAL_TOKENS = (
    END_OF_TEXT,
    "<|image|>",
    "<|audio|>",
    "<|endofprompt|>",
    "<|assistant|>",
    END,
    "<|user|>",
    "<|system|>",
)
"""Of Phi-4, in the order of their ids there (which are others)."""
RESERVED_IDS = 8
"""So many ids at the end of the vocabulary stay free, for control tokens that are trained later."""
MIN_VOCABULARY = 600
"""Room for the bytes, all of the pieces above and the reserved ids."""

_FORM = (
    *(f'{"{" if aspect == ASPECTS[0] else ", "}"{aspect}":' for aspect in ASPECTS),
    '{"word_transcript": "',
    '", "phoneme_transcript": "',
    '"}',
)
_SYMBOLS = (*map(str, SCORES), *HEARD_SYMBOLS)
# A phone, 10 or a digit, a word, signs, white space; each but the last with the space before it. (`<unk>` is
# no added token, because llguidance takes whatever looks like that for a special one.)
_PIECE = (
    r" ?<unk>| ?[A-Z]{1,2}\*?(?![A-Za-z*])| ?10(?!\p{N})| ?\p{N}"
    r"| ?\p{L}+(?:'\p{L}+)*| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
)
_SPACE = "Ġ"
"""What a space is called in the byte-level alphabet."""


class _Adds(Protocol):
    def add_tokens(self, tokens: list[AddedToken]) -> int: ...

    def add_special_tokens(self, tokens: list[AddedToken]) -> int: ...


def build_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Learn a vocabulary.

    Args:
        texts: what the model will read and write; the more often a word is in them, the sooner it is a token.
        vocab_size: of the model. Ids from `vocab_size - RESERVED_IDS` on are in no case used.

    Raises:
        RecipeError: the vocabulary is smaller than `MIN_VOCABULARY`.
    """
    if vocab_size < MIN_VOCABULARY:
        raise RecipeError("vocab_size", [f"{vocab_size} is too small: give {MIN_VOCABULARY} or more"])
    room = vocab_size - RESERVED_IDS - len(SPECIAL_TOKENS) - len(_FORM)
    tokenizer = _byte_level(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=room, initial_alphabet=_alphabet(), show_progress=False, special_tokens=[]
    )
    tokenizer.train_from_iterator(texts, trainer)  # pyright: ignore[reportUnknownMemberType]
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
    """The trained merges after those that make every symbol one token, and the vocabulary that this gives."""
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
    """Each symbol grows from its left end; those with a space come first, or "1" and "0" would meet early."""
    for prefix in (_SPACE, ""):
        for symbol in _SYMBOLS:
            whole = prefix + symbol
            for end in range(1, len(whole)):
                yield whole[:end], whole[end]
