"""Phi-4's real vocabulary: the ranks of o200k out of npm's js-tiktoken, with Phi-4's added tokens and ids."""

from __future__ import annotations

import base64
import json
from functools import cache

from support.paths import REPOSITORY
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import bytes_to_unicode

RANKS = REPOSITORY / "tests" / "node" / "node_modules" / "js-tiktoken" / "dist" / "ranks" / "o200k_base.js"
VOCABULARY = 200_064
"""The rows of the model's embedding; ids from 200,029 are holes."""
ADDED = {
    199_999: "<|endoftext|>",
    200_010: "<|image|>",
    200_011: "<|audio|>",
    200_018: "<|endofprompt|>",
    200_019: "<|assistant|>",
    200_020: "<|end|>",
    200_021: "<|user|>",
    200_022: "<|system|>",
    200_023: "<|tool|>",
    200_024: "<|/tool|>",
    200_025: "<|tool_call|>",
    200_026: "<|/tool_call|>",
    200_027: "<|tool_response|>",
    200_028: "<|tag|>",
}


@cache
def o200k_tokenizer_json() -> str:
    """The tokenizer, as JSON, because tests change their copy."""
    data = json.loads(RANKS.read_text(encoding="utf-8").partition("export default ")[2].rstrip().rstrip(";"))
    ranks: dict[bytes, int] = {}
    for line in data["bpe_ranks"].splitlines():
        _, offset, *tokens = line.split()
        ranks |= {base64.b64decode(t): int(offset) + i for i, t in enumerate(tokens)}
    letters = bytes_to_unicode()
    names = {token: "".join(letters[byte] for byte in token) for token in ranks}
    merges = [
        (names[token[:cut]], names[token[cut:]])
        for token in sorted(ranks, key=ranks.__getitem__)
        for cut in sorted(
            (cut for cut in range(1, len(token)) if token[:cut] in ranks and token[cut:] in ranks),
            key=lambda cut, token=token: (ranks[token[:cut]], ranks[token[cut:]]),
        )
    ]
    vocabulary = {names[token]: rank for token, rank in ranks.items()}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(data["pat_str"]), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    fillers = range(len(vocabulary), max(ADDED) + 1)
    tokenizer.add_special_tokens([ADDED.get(index, f"<|unused_{index}|>") for index in fillers])
    return tokenizer.to_str()


def o200k() -> PreTrainedTokenizerFast:
    """The tokenizer, with ids up to 200,028."""
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(o200k_tokenizer_json()), eos_token="<|endoftext|>"
    )
