"""Tokenizers that cut answers otherwise than ours does: "10" is not always one token."""

from functools import cache

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from enunciate.speech_lm.decoding.grammar import TranscriptGrammar
from enunciate.speech_lm.decoding.grammar_tokens import grammar_tokens
from enunciate.speech_lm.families.phi4.processor import Phi4Processor as Processor
from enunciate.speech_lm.families.phi4.special_tokens import END_OF_TEXT, SPECIAL_TOKENS
from enunciate.speech_lm.options import TargetConfig


def grammar_of(processor: Processor, vocab_size: int, target: TargetConfig | None = None):
    """The grammar of transcripts for a model with so many logits."""
    end = processor.end_token_id
    return TranscriptGrammar(
        grammar_tokens(processor.tokenizer, vocab_size, end), end, target or TargetConfig()
    )


@cache
def bytes_only() -> PreTrainedTokenizerFast:
    """Every byte is a token."""
    return _with_specials([])


@cache
def like_phi4() -> PreTrainedTokenizerFast:
    """Numbers are one token without the space in front, and a phone may be one with the sign before it."""
    merges = '1 0,D H,A H,E H,Ġ D,ĠD H,Ġ A,ĠA H,Ġ E,ĠE H," D,"D H,"" :'.replace('""', '"').split(",")
    return _with_specials([tuple(pair.split(" ")) for pair in merges])


def _with_specials(merges: list[tuple[str, str]]) -> PreTrainedTokenizerFast:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet()) + [left + right for left, right in merges]
    model = models.BPE(vocab={letter: index for index, letter in enumerate(letters)}, merges=merges)
    tokenizer = Tokenizer(model)
    pieces = Regex(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pieces, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END_OF_TEXT)
    fast.add_tokens(list(SPECIAL_TOKENS), special_tokens=True)
    return fast
