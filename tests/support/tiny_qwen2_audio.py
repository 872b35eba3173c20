"""A folder with a tiny Qwen2-Audio of random weights, and a tokenizer for it."""

from pathlib import Path

import torch
from support.speech_lm_cases import enlarge
from support.whisper_folders import small_bpe
from transformers import PreTrainedTokenizerFast, Qwen2AudioConfig, Qwen2AudioForConditionalGeneration

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|audio_bos|>", "<|AUDIO|>", "<|audio_eos|>")
VOCABULARY = 400


def qwen2_audio_tokenizer() -> PreTrainedTokenizerFast:
    """`small_bpe` with the special tokens of a turn."""
    fast = small_bpe(SPECIAL)
    assert len(fast) < VOCABULARY - 2, "ids are left for control tokens"
    return fast


def tiny_qwen2_audio(seed: int = 0) -> Qwen2AudioForConditionalGeneration:
    """Two layers of 32 channels on each side."""
    audio = {
        "model_type": "qwen2_audio_encoder", "num_mel_bins": 80, "d_model": 32, "encoder_layers": 2,
        "encoder_attention_heads": 2, "encoder_ffn_dim": 64, "max_source_positions": 1500,
    }  # fmt: skip
    text = {
        "model_type": "qwen2", "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2,
        "pad_token_id": None, "bos_token_id": None, "eos_token_id": None,
    }  # fmt: skip
    audio_token = qwen2_audio_tokenizer().convert_tokens_to_ids("<|AUDIO|>")
    config = Qwen2AudioConfig(audio_config=audio, text_config=text, audio_token_index=audio_token)
    torch.manual_seed(seed)
    return enlarge(Qwen2AudioForConditionalGeneration(config)).eval()


def save_qwen2_audio(folder: Path) -> Path:
    """A folder of transformers with the model and its tokenizer."""
    tiny_qwen2_audio().save_pretrained(folder)
    qwen2_audio_tokenizer().save_pretrained(folder)
    return folder
