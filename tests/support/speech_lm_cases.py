"""A tiny Phi-4-multimodal (0.1 million parameters) and a tokenizer for it."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from support.paths import ASSETS
from support.small_tokenizer import MIN_VOCABULARY, build_tokenizer
from torch import nn
from transformers import Phi4MultimodalConfig, PreTrainedTokenizerFast
from transformers.models.phi4_multimodal import modeling_phi4_multimodal as native
from transformers.models.phi4_multimodal.feature_extraction_phi4_multimodal import (
    Phi4MultimodalFeatureExtractor,
)

from enunciate.speech_lm import prompts
from enunciate.speech_lm.families.phi4.adapter_layout import LORA_TARGETS
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.families.phi4.config import small_config
from enunciate.speech_lm.families.phi4.model import random_base
from enunciate.speech_lm.families.phi4.special_tokens import PHI4_FORMAT
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX

user_turn = partial(prompts.user_turn, form=PHI4_FORMAT)
"""The turns of the tiny model, in Phi-4's format."""

TEXTS = (
    "the learner reads a sentence aloud",
    "we call it bear",
    "how well does he read it",
    "good day to everybody",
)


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """Bytes, phones, scores, a few words, and Phi-4's special tokens by name."""
    return build_tokenizer(TEXTS, MIN_VOCABULARY)


def token_id(token: str) -> int:
    return tokenizer().convert_tokens_to_ids(token)


def reserved_ids() -> list[int]:
    """Ids of the model's vocabulary that no token has."""
    return list(range(len(tokenizer()), MIN_VOCABULARY))


def tiny_config(**values) -> Phi4MultimodalConfig:
    return small_config(
        vocab_size=MIN_VOCABULARY,
        audio_token_id=token_id("<|audio|>"),
        pad_token_id=token_id("<|endoftext|>"),
        end_token_id=token_id("<|end|>"),
        **values,
    )


def tiny_base(seed: int = 0, **values) -> Phi4MultimodalForCausalLM:
    """Float32 on the CPU, in evaluation mode; the same seed gives the same weights."""
    torch.manual_seed(seed)
    return enlarge(random_base(tiny_config(**values))).eval()


def enlarge(model: nn.Module) -> nn.Module:
    """Weights so large that everything in the model, however small its width, tells on the output."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.normal_(0, parameter.shape[1] ** -0.5)
            elif parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def vision_tensors() -> dict[str, torch.Tensor]:
    """The tensors of a tiny checkpoint that no speech needs, by their names."""
    torch.manual_seed(0)
    whole = native.Phi4MultimodalForCausalLM(tiny_config())
    return {name: value for name, value in whole.state_dict().items() if ".image_embed." in name}


def save_checkpoint(folder: Path, seed: int = 0) -> Path:
    """A checkpoint folder like Phi-4's: weights, tokenizer, feature extractor, and `speech-lora` (rank 4)."""
    base = tiny_base(seed)
    base.save_pretrained(folder, state_dict=base.state_dict() | vision_tensors())
    tokenizer().save_pretrained(folder)
    Phi4MultimodalFeatureExtractor().save_pretrained(folder)
    save_speech_lora(base, folder / "speech-lora")
    return folder


def save_speech_lora(base: Phi4MultimodalForCausalLM, folder: Path, rank: int = 4) -> None:
    """As the checkpoint has one: alpha is twice the rank, and both matrices are trained."""
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        r=rank, lora_alpha=2 * rank, lora_dropout=0.01, target_modules=LORA_TARGETS, task_type="CAUSAL_LM"
    )
    model = get_peft_model(base, settings)
    randomize(model)
    model.save_pretrained(folder)


def randomize(model: nn.Module, seed: int = 1) -> None:
    """Give everything trainable other values, as training would."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))


def clip(duration_s: float, seed: int = 0) -> np.ndarray:
    """Noise with a melody, float32 at 16 kHz, shape (samples,)."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(16_000 * duration_s)) / 16_000
    tone = np.sin(2 * np.pi * (200 + 100 * np.sin(5 * time_s + seed)) * time_s)
    return (0.2 * tone + 0.05 * rng.standard_normal(len(time_s))).astype(np.float32)


def spoken_clip(duration_s: float, seed: int = 0) -> np.ndarray:
    """A piece of a reading, float32 at 16 kHz, shape (samples,), for engines that refuse noise."""
    samples, rate_hz = sf.read(ASSETS / "correct.flac", dtype="float32")
    assert rate_hz == 16_000
    return np.resize(samples[8_000 + 800 * seed :], round(16_000 * duration_s))


def features(frames: int, seed: int = 0) -> torch.Tensor:
    """Random numbers of the size of log-mel features, (frames, 80)."""
    return 10 + 3 * torch.randn((frames, 80), generator=torch.Generator().manual_seed(seed))


def batch_of(
    frames: list[int], answers: list[int], seed: int = 0, longer_by: int = 0, instruction: int = 0
) -> dict:
    """What the collator makes of clips with so many frames and answers of so many tokens.

    All rows begin with the same instruction of so many tokens. `longer_by` adds that much padding, in tokens
    and in frames, beyond the longest.
    """
    before = np.random.default_rng(0).integers(0, 256, instruction).tolist()
    rows = [
        _row(index + seed, *sizes, before) for index, sizes in enumerate(zip(frames, answers, strict=True))
    ]
    length = max(len(ids) for ids, _ in rows) + longer_by
    audio = torch.zeros(len(rows), max(frames) + longer_by, 80)
    heard = torch.zeros(audio.shape[:2], dtype=torch.bool)
    ids = torch.full((len(rows), length), token_id("<|endoftext|>"))
    labels = torch.full((len(rows), length), IGNORE_INDEX)
    attended = torch.zeros(len(rows), length, dtype=torch.long)
    for index, (row, n_prompt) in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
        labels[index, n_prompt : len(row)] = torch.tensor(row[n_prompt:])
        attended[index, : len(row)] = 1
        audio[index, : frames[index]] = features(frames[index], index + seed)
        heard[index, : frames[index]] = True
    return {
        "input_ids": ids,
        "attention_mask": attended,
        "labels": labels,
        "audio_input_features": audio,
        "audio_embed_sizes": torch.tensor([-(-n // 8) for n in frames]),
        "audio_attention_mask": heard,
    }


def _row(seed: int, frames: int, answer: int, before: list[int]) -> tuple[list[int], int]:
    """Token ids of one example, and how many of them are the prompt."""
    rng = np.random.default_rng(seed)
    audio = [token_id("<|audio|>")] * -(-frames // 8)
    prompt = [token_id("<|user|>"), *before, *audio, token_id("<|assistant|>")]
    return [*prompt, *rng.integers(0, 256, answer - 1).tolist(), token_id("<|end|>")], len(prompt)
