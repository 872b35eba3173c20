"""A Whisper of CTranslate2, as faster-whisper keeps it, as a model of transformers."""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

from enunciate.errors import ModelNotFoundError
from enunciate.whisper_weights.ctranslate2 import Arrays, read_ctranslate2, transformers_names

WEIGHTS = "model.bin"
_TIED = "proj_out.weight"
_LAYER = re.compile(r"(encoder|decoder)/layer_(\d+)/.*")


def read_ctranslate2_config(folder: Path) -> WhisperConfig:
    """Return the configuration that the arrays of a folder imply.

    Raises:
        ModelNotFoundError: The file is not a Whisper of CTranslate2.
    """
    arrays = _arrays(folder / WEIGHTS)
    try:
        vocabulary, width = arrays["decoder/embeddings/weight"].shape
        found = {match.groups() for name in arrays if (match := _LAYER.fullmatch(name))}
        layers = {side: sum(one == side for one, _ in found) for side in ("encoder", "decoder")}
        return WhisperConfig(
            vocab_size=vocabulary,
            num_mel_bins=arrays["encoder/conv1/weight"].shape[1],
            d_model=width,
            encoder_layers=layers["encoder"],
            decoder_layers=layers["decoder"],
            encoder_attention_heads=int(arrays["encoder/num_heads"]),
            decoder_attention_heads=int(arrays["decoder/num_heads"]),
            encoder_ffn_dim=len(arrays["encoder/layer_0/ffn/linear_0/weight"]),
            decoder_ffn_dim=len(arrays["decoder/layer_0/ffn/linear_0/weight"]),
            max_source_positions=len(arrays["encoder/position_encodings/encodings"]),
            max_target_positions=len(arrays["decoder/position_encodings/encodings"]),
            pad_token_id=None,  # the tokenizer knows the special tokens
            bos_token_id=None,
            eos_token_id=None,
            decoder_start_token_id=0,
        )
    except KeyError as error:
        raise ModelNotFoundError(f"{folder / WEIGHTS}: not a Whisper ({error} is missing)") from error


def load_ctranslate2(folder: Path, config: WhisperConfig) -> WhisperForConditionalGeneration:
    """Load the weights of a folder, in single precision.

    Raises:
        ModelNotFoundError: The file lacks a tensor, or has one of another shape.
    """
    try:
        weights = transformers_names(_arrays(folder / WEIGHTS))
    except ValueError as error:
        raise ModelNotFoundError(f"{folder / WEIGHTS}: {error}") from error
    state = {name: torch.from_numpy(values.astype(np.float32)) for name, values in weights.items()}
    with torch.device("meta"):
        model = WhisperForConditionalGeneration(config)
    own = {name: value.shape for name, value in model.state_dict().items() if name != _TIED}
    found = {name: value.shape for name, value in state.items()}
    if found != own:
        wrong = sorted(name for name in found.keys() | own.keys() if found.get(name) != own.get(name))
        raise ModelNotFoundError(
            f"{folder / WEIGHTS}: {len(wrong)} tensors are missing, unknown or of another shape, such as "
            f"{wrong[0]}: get the model again"
        )
    model.load_state_dict(state, strict=False, assign=True)
    cast("Any", model).tie_weights()
    model.model.encoder.embed_positions.requires_grad_(requires_grad=False)
    return model


@lru_cache(maxsize=1)
def _arrays(path: Path) -> Arrays:
    try:
        return read_ctranslate2(path)
    except (OSError, ValueError, struct.error) as error:
        raise ModelNotFoundError(f"{path}: not a model of CTranslate2 ({error})") from error
