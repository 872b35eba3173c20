"""Folders as the engine `whisper` finds them: a tiny base, and an adapter for it."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from support.speech_lm_cases import randomize
from support.tiny_whisper_lm import VOCABULARY, tiny_whisper
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

SPECIAL = ("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>")
MERGES = "Ġ 0,Ġ 1,Ġ 2,Ġ 3,Ġ 4,Ġ 5,Ġ 6,Ġ 7,Ġ 8,Ġ 9,Ġ1 0,Ġ ?,D H,A H,Ġ D,ĠD H,Ġ A,ĠA H,Ġ E,t h,th e"


def small_bpe(special: Sequence[str]) -> PreTrainedTokenizerFast:
    """Bytes, numbers with the space before them, a few phones, a word, and special tokens."""
    merges = [tuple(pair.split(" ")) for pair in MERGES.split(",")]
    pieces = sorted(pre_tokenizers.ByteLevel.alphabet()) + [left + right for left, right in merges]
    model = models.BPE(vocab={piece: index for index, piece in enumerate(pieces)}, merges=merges)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=special[0])
    fast.add_tokens(list(special), special_tokens=True)
    return fast


@cache
def whisper_tokenizer() -> PreTrainedTokenizerFast:
    """`small_bpe` with Whisper's special tokens."""
    fast = small_bpe(SPECIAL)
    assert len(fast) < VOCABULARY
    return fast


def save_base(folder: Path, seed: int = 0) -> Path:
    """A folder of transformers with a tiny Whisper."""
    tiny_whisper(seed).save_pretrained(folder)
    whisper_tokenizer().save_pretrained(folder)
    return folder


def adapted(seed: int = 0, **settings):
    """A tiny Whisper with an adapter of random values, as PEFT wraps it."""
    from peft import LoraConfig, get_peft_model

    targets = r"model\.decoder\.layers\.\d+\..*(q_proj|k_proj|v_proj|out_proj|fc1|fc2)"
    chosen = {"r": 4, "lora_alpha": 8, "target_modules": targets} | settings
    model = get_peft_model(tiny_whisper(seed), LoraConfig(**chosen))
    randomize(model)
    return model


def save_adapter(folder: Path, seed: int = 0, recipe: dict | None = None, **settings) -> torch.nn.Module:
    """Write an adapter for the base of a seed, and return that base with the adapter merged."""
    model = adapted(seed, **settings)
    model.save_pretrained(folder)
    values = {"kind": "whisper", "model": "openai/whisper-base", "prompt": {"rubric": False}}
    (folder / "recipe.json").write_text(json.dumps(values | (recipe or {})))
    return model.merge_and_unload().eval()
