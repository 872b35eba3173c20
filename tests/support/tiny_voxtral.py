"""A folder with a tiny Voxtral of random weights, and Mistral's file of a tokenizer for it."""

import base64
import json
from pathlib import Path

import torch
from support.speech_lm_cases import enlarge
from transformers import VoxtralConfig, VoxtralForConditionalGeneration

SPECIAL = ("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "<pad>", "[AUDIO]", "[BEGIN_AUDIO]")
WORDS = (b"DH", b"AH", b" D", b" DH", b" A", b" AH", b" E", b"th", b"the", b"good", b" day", b" day to")
VOCABULARY = 400
PIECES = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+"
"""Words with the sign before them, and digits one by one, as in Mistral's tokenizers."""


def save_tekken(folder: Path) -> None:
    """Bytes, a few pieces of words and phones, and special tokens, which are the first ids."""
    tokens = [*(bytes([byte]) for byte in range(256)), *WORDS]
    size = len(tokens) + len(SPECIAL)
    assert size < VOCABULARY
    file = {
        "config": {
            "pattern": PIECES,
            "num_vocab_tokens": len(tokens),
            "default_vocab_size": size,
            "default_num_special_tokens": len(SPECIAL),
            "version": "v7",
        },
        "vocab": [
            {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
            for rank, token in enumerate(tokens)
        ],
        "special_tokens": [
            {"rank": rank, "token_str": token, "is_control": True} for rank, token in enumerate(SPECIAL)
        ],
    }
    (folder / "tekken.json").write_text(json.dumps(file))


def tiny_voxtral(seed: int = 1) -> VoxtralForConditionalGeneration:
    """Two layers of 32 channels on each side."""
    audio = {
        "model_type": "voxtral_encoder", "num_mel_bins": 128, "hidden_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 128, "max_source_positions": 1500,
    }  # fmt: skip
    text = {
        "model_type": "llama", "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16,
        "pad_token_id": None, "bos_token_id": 1, "eos_token_id": 2,
    }  # fmt: skip
    config = VoxtralConfig(audio_config=audio, text_config=text, audio_token_id=SPECIAL.index("[AUDIO]"))
    torch.manual_seed(seed)
    return enlarge(VoxtralForConditionalGeneration(config)).eval()


def save_voxtral(folder: Path) -> Path:
    """A folder as on the hub: the model, no `tokenizer.json`, and settings of the features."""
    tiny_voxtral().save_pretrained(folder)
    save_tekken(folder)
    (folder / "preprocessor_config.json").write_text('{"feature_size": 128}')
    return folder
