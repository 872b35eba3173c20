"""A folder with a tiny Granite-speech of random weights, a tokenizer for it, and its adapter for speech."""

from functools import cache
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from support.speech_lm_cases import enlarge, randomize
from support.whisper_folders import small_bpe
from transformers import GraniteSpeechConfig, GraniteSpeechForConditionalGeneration, PreTrainedTokenizerFast

from enunciate.speech_lm.families.granite_speech.family import SPEECH_TARGETS

SPECIAL = ("<|end_of_text|>", "<|start_of_role|>", "<|end_of_role|>", "<|audio|>")
VOCABULARY = 400
CONTEXT = 20
"""Frames of a block of attention, so that a clip of a second has three."""


@cache
def granite_tokenizer() -> PreTrainedTokenizerFast:
    """`small_bpe` with the special tokens of a turn."""
    fast = small_bpe(SPECIAL)
    assert len(fast) < VOCABULARY - 2, "ids are left for control tokens"
    return fast


def tiny_granite_speech(seed: int = 1) -> GraniteSpeechForConditionalGeneration:
    """Two layers of 32 channels on each side, with multipliers that are not 1."""
    encoder = {
        "input_dim": 160, "num_layers": 2, "hidden_dim": 32, "feedforward_mult": 2, "num_heads": 2,
        "dim_head": 16, "output_dim": 8, "context_size": CONTEXT, "max_pos_emb": 24, "dropout": 0.0,
        "conv_kernel_size": 7,
    }  # fmt: skip
    projector = {
        "model_type": "blip_2_qformer", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 64, "encoder_hidden_size": 32, "cross_attention_frequency": 1,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
    }  # fmt: skip
    text = {
        "model_type": "granite", "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "logits_scaling": 0.8,
        "embedding_multiplier": 3.0, "residual_multiplier": 0.5, "attention_multiplier": 0.2,
        "pad_token_id": None, "bos_token_id": None, "eos_token_id": None, "tie_word_embeddings": True,
    }  # fmt: skip
    audio_token = granite_tokenizer().convert_tokens_to_ids("<|audio|>")
    config = GraniteSpeechConfig(
        encoder_config=encoder, projector_config=projector, text_config=text, audio_token_index=audio_token
    )
    torch.manual_seed(seed)
    model = enlarge(GraniteSpeechForConditionalGeneration(config)).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model


def save_granite_speech(folder: Path) -> Path:
    """A folder of transformers with the model, its tokenizer and its adapter for speech."""
    tiny_granite_speech().save_pretrained(folder)
    granite_tokenizer().save_pretrained(folder)
    settings = LoraConfig(r=4, lora_alpha=2, lora_dropout=0.1, target_modules=SPEECH_TARGETS)
    adapted = get_peft_model(tiny_granite_speech(), settings)
    randomize(adapted)
    adapted.save_pretrained(folder)
    return folder
