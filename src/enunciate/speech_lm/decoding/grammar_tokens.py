"""The tokenizer of a model in transformers, as the grammar of transcripts takes it."""

from __future__ import annotations

import llguidance.hf
from llguidance import LLTokenizer
from transformers import PreTrainedTokenizerFast

from enunciate.speech_lm.decoding.grammar import SLICES


def grammar_tokens(tokenizer: PreTrainedTokenizerFast, vocab_size: int, end_token_id: int) -> LLTokenizer:
    """Return the tokens for `TranscriptGrammar`, which takes a second or two for a large vocabulary.

    Args:
        tokenizer: The tokenizer.
        vocab_size: Size of the model's logits, which may be larger.
        end_token_id: The token that ends an answer.
    """
    return llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocab_size, eos_token=end_token_id, slices=SLICES)


def token_bytes(tokenizer: PreTrainedTokenizerFast, vocab_size: int, end_token_id: int) -> list[bytes]:
    """Return the bytes that each token adds to a text; special tokens have bytes that no text has."""
    tokens = llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocab_size, eos_token=end_token_id)
    return [tokens.decode_bytes([token]) for token in range(vocab_size)]
