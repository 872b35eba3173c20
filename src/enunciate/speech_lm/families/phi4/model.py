"""Models of Phi-4-multimodal's classes, with the weights of a checkpoint or random ones.

Every model from here has been through `prepare`: the padding of a batch does not affect the audio encoder
(`masked_audio`), and the loss covers the tokens of the answer only (`causal_lm`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from transformers import Phi4MultimodalConfig
from transformers.models.phi4_multimodal import modeling_phi4_multimodal as native

from enunciate.errors import EnunciateError
from enunciate.speech_lm.families.family import Attention
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.families.phi4.hub import HUB_NAME, HUB_REVISION, checkpoint_folder
from enunciate.speech_lm.families.phi4.masked_audio import MaskedAudioModel, audio_encoder, mask_audio
from enunciate.speech_lm.families.whole_checkpoint import load_whole

VISION = r"model\.embed_tokens_extend\.image_embed\."
"""The names of the vision tower's tensors (441 million parameters), which are not loaded."""


class SpeechOnly(native.Phi4MultimodalForCausalLM):
    """The class of transformers without its vision tower, which no clip ever uses."""

    def __init__(self, config: Phi4MultimodalConfig) -> None:
        super().__init__(config)
        del cast("Any", self.model).embed_tokens_extend.image_embed


# Measured on 75 recordings of Speechocean762 by different speakers; a checkpoint brings its own values.
_LOG_MEL_MEAN, _LOG_MEL_DEVIATION = 13.8, 3.8


def random_base(
    config: Phi4MultimodalConfig,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    *,
    attention: Attention = "sdpa",
) -> Phi4MultimodalForCausalLM:
    """Build a model with random weights on a device; on `meta` it has shapes but takes no memory.

    The subsampling convolutions get torch's own initialisation, and features are normalised: with that of
    transformers (a deviation of 0.02 for any weight) the audio reaches the first layer so weak that a small
    model would hardly learn to listen.
    """
    from_config = cast("Any", SpeechOnly)._from_config
    with torch.device(device):
        model = from_config(config, dtype=dtype, attn_implementation=_attention(attention))
    prepared = prepare(model)
    _init_subsampling(audio_encoder(prepared))
    return prepared


@torch.no_grad()
def _init_subsampling(encoder: MaskedAudioModel) -> None:
    """Initialise so that speech reaches the first layer with about unit variance."""
    encoder.encoder_embedding.global_mean.fill_(_LOG_MEL_MEAN)
    encoder.encoder_embedding.global_invstd.fill_(1 / _LOG_MEL_DEVIATION)
    for module in encoder.embed.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.reset_parameters()


def load_base(
    name_or_folder: str | Path,
    *,
    revision: str | None = None,
    dtype: torch.dtype = torch.bfloat16,
    device: torch.device | str = "cpu",
    attention: Attention = "sdpa",
) -> Phi4MultimodalForCausalLM:
    """Load a checkpoint: only safetensors, and never code from it.

    Args:
        name_or_folder: A folder, or a name on the Hugging Face hub.
        revision: Revision on the hub; for `HUB_NAME` the default is the one in transformers' layout.
        dtype: Type of the weights.
        device: Device of the weights.
        attention: Attention of the decoder; the audio encoder has SDPA or eager attention only.

    Raises:
        ModelNotFoundError: There is no such checkpoint here and none can be fetched.
        EnunciateError: The checkpoint lacks tensors or has unknown ones.
    """
    folder = checkpoint_folder(name_or_folder, revision)
    config = read_config(folder)
    model = load_whole(
        SpeechOnly,
        folder,
        config=config,
        dtype=dtype,
        device=device,
        attention=_attention(attention),
        not_loaded=VISION,
    )
    prepared = prepare(model)
    prepared.checkpoint = folder
    prepared.name_or_path = prepared.config.name_or_path = str(name_or_folder)
    return prepared


def read_config(folder: Path) -> Phi4MultimodalConfig:
    """Read the configuration of a checkpoint.

    Raises:
        EnunciateError: It is not JSON, or another model's.
    """
    path = folder / "config.json"
    try:
        kind = json.loads(path.read_text(encoding="utf-8")).get("model_type")
    except ValueError as error:
        raise EnunciateError(f"{path}: not JSON ({error}). Get the checkpoint again") from error
    if kind != Phi4MultimodalConfig.model_type:
        raise EnunciateError(
            f"{folder}: a checkpoint of type {kind}, not {Phi4MultimodalConfig.model_type}. "
            f"For {HUB_NAME} give revision {HUB_REVISION}: its main branch has another layout"
        )
    return cast("Any", Phi4MultimodalConfig).from_pretrained(folder)


def _attention(decoder: Attention) -> dict[str, str]:
    return {"": decoder, "audio_config": "sdpa", "vision_config": "sdpa"}


def prepare(model: nn.Module) -> Phi4MultimodalForCausalLM:
    """Apply the corrections to a model of transformers' class, in place; a second call changes nothing."""
    assert isinstance(model, native.Phi4MultimodalForCausalLM)
    mask_audio(audio_encoder(model))
    model.__class__ = Phi4MultimodalForCausalLM
    return cast("Phi4MultimodalForCausalLM", model)
