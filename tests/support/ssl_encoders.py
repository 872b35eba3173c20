"""Tiny encoders of the three families with random weights, saved as checkpoints."""

from pathlib import Path

import torch
from transformers import AutoModel, HubertConfig, Wav2Vec2Config, Wav2Vec2FeatureExtractor, WavLMConfig

FAMILIES = {"wav2vec2": Wav2Vec2Config, "hubert": HubertConfig, "wavlm": WavLMConfig}
FRAME = 320
"""Samples from one frame to the next: 20 ms, as in real checkpoints."""
SHAPE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "conv_dim": (32, 32, 32),
    "conv_kernel": (10, 8, 8),
    "conv_stride": (5, 8, 8),
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
    "mask_time_length": 4,
    "mask_feature_length": 4,
}


def config_of(family: str, norm: str = "layer", **changes):
    """Configure an encoder: base models have group norm and post-norm, large ones layer norm and pre-norm."""
    shape = SHAPE | {"feat_extract_norm": norm, "do_stable_layer_norm": norm == "layer"} | changes
    return FAMILIES[family](**shape)


def encoder_of(family: str, norm: str = "layer", seed: int = 0, **changes):
    torch.manual_seed(seed)
    return AutoModel.from_config(config_of(family, norm, **changes))


def save_encoder(
    folder: Path, family: str, norm: str = "layer", *, normalise: bool = True, **changes
) -> Path:
    encoder_of(family, norm, **changes).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=normalise).save_pretrained(folder)
    return folder
