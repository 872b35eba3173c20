"""Phi-4-multimodal: its configuration, a small one of the same classes, and models with weights from either.

Every model from here has been through `prepare`: padding does not show through the audio encoder
(`masked_audio`), and the loss is that of the answer (`objective`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import nn
from transformers import Phi4MultimodalConfig
from transformers.models.phi4_multimodal import modeling_phi4_multimodal as native

from enunciate.errors import EnunciateError, ModelNotFoundError
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.families.phi4.masked_audio import MaskedAudioModel, audio_encoder, mask_audio
from enunciate.speech_lm.options import HUB_NAME, HUB_REVISION, revision_of

"""Where the checkpoint has the layout of transformers' own classes; `main` needs remote code."""

# Of the checkpoint's config.json, for head size 128 with 3/4 of it rotated: 48 frequencies.
_LONG_FACTOR = [
    *(1.0, 1.118320672, 1.250641126, 1.398617824, 1.564103225, 1.74916897, 1.956131817, 2.187582649),
    *(2.446418898, 2.735880826, 3.059592084, 3.421605075, 3.826451687, 4.279200023, 4.785517845, 5.351743533),
    *(5.984965424, 6.693110555, 7.485043894, 8.370679318, 9.36110372, 10.4687158, 11.70738129, 13.09260651),
    *(14.64173252, 16.37415215, 18.31155283, 20.47818807, 22.90118105, 25.61086418, 28.64115884, 32.03),
    *(
        32.1,
        32.13,
        32.23,
        32.6,
        32.61,
        32.64,
        32.66,
        32.7,
        32.71,
        32.93,
        32.97,
        33.28,
        33.49,
        33.5,
        44.16,
        47.77,
    ),
]

# Of 75 recordings of Speechocean762 across its speakers; a checkpoint brings its own.
_LOG_MEL_MEAN, _LOG_MEL_DEVIATION = 13.8, 3.8

Attention = Literal["sdpa", "eager", "flash_attention_2"]


def full_config() -> Phi4MultimodalConfig:
    """The checkpoint's configuration (4,743,988,032 parameters); the class's defaults are another one's."""
    return Phi4MultimodalConfig(
        num_attention_heads=24,
        tie_word_embeddings=True,
        rope_parameters=_rope(head_dim=128),
        audio_config={"bias_max_distance": 500},
        vision_config={},
    )


def nano_config(
    *,
    vocab_size: int,
    audio_token_id: int,
    pad_token_id: int,
    end_token_id: int,
    size: Literal["tiny", "nano"] = "nano",
    audio_dropout: float = 0.0,
    decoder_dropout: float = 0.0,
    **decoder: Any,
) -> Phi4MultimodalConfig:
    """The same architecture, small.

    Args:
        vocab_size: of the tokenizer, with reserved ids.
        audio_token_id: of the placeholder of audio.
        pad_token_id: of padding.
        end_token_id: of the end of a turn.
        size: `tiny` (0.1 M parameters) for tests, `nano` (about 25 M) to learn something. Most of `nano`
            is audio encoder: hearing is what has to be learnt, the language of the answers is simple.
        audio_dropout: in the audio encoder; the checkpoint has none.
        decoder_dropout: on the decoder's residuals; the checkpoint has none.
        decoder: further values of the decoder's configuration.
    """
    shape = _SHAPES[size]
    audio, text, vision = shape["audio"], shape["decoder"], shape["vision"]
    width = audio["hidden_size"]
    return Phi4MultimodalConfig(
        vocab_size=vocab_size,
        bos_token_id=pad_token_id,
        eos_token_id=[pad_token_id, end_token_id],
        pad_token_id=pad_token_id,
        tie_word_embeddings=True,
        rope_parameters=_rope(text["hidden_size"] // text["num_attention_heads"]),
        audio_config={
            "ext_pw_out_channel": width,
            "depthwise_separable_out_channel": width,
            "nemo_conv_channels": width,
            "bias_max_distance": 500,
            "dropout_rate": audio_dropout,
            "audio_token_id": audio_token_id,
            **audio,
        },
        # Never used; no token is an image.
        vision_config={"num_hidden_layers": 1, "num_attention_heads": 1, "image_token_id": -1, **vision},
        resid_pdrop=decoder_dropout,
        **(text | decoder),
    )


_SHAPES: dict[str, dict[str, dict[str, Any]]] = {
    "tiny": {
        "audio": {"hidden_size": 16, "intermediate_size": 32, "num_blocks": 2, "num_attention_heads": 2},
        "decoder": {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
        },
        "vision": {"hidden_size": 8, "intermediate_size": 8, "image_size": 28, "crop_size": 28},
    },
    "nano": {
        "audio": {"hidden_size": 256, "intermediate_size": 768, "num_blocks": 10, "num_attention_heads": 4},
        "decoder": {
            "hidden_size": 384,
            "intermediate_size": 1024,
            "num_hidden_layers": 4,
            "num_attention_heads": 6,
            "num_key_value_heads": 2,
        },
        "vision": {"hidden_size": 8, "intermediate_size": 8, "image_size": 28, "crop_size": 28},
    },
}


def _rope(head_dim: int) -> dict[str, Any]:
    frequencies = head_dim * 3 // 8
    steps = [round(index * (len(_LONG_FACTOR) - 1) / max(1, frequencies - 1)) for index in range(frequencies)]
    return {
        "rope_type": "longrope",
        "rope_theta": 10_000.0,
        "partial_rotary_factor": 0.75,
        "short_factor": [1.0] * frequencies,
        "long_factor": [_LONG_FACTOR[step] for step in steps],
    }


def random_base(
    config: Phi4MultimodalConfig,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    *,
    attention: Attention = "sdpa",
) -> Phi4MultimodalForCausalLM:
    """A model with random weights, made on the device itself; on `meta` it has shapes and no memory.

    The subsampling convolutions start at torch's own scale and features are normalised: with transformers'
    start (0.02 for a weight of any size) the audio reaches the first layer so weak that a small model
    would hardly learn to hear.
    """
    from_config = cast("Any", native.Phi4MultimodalForCausalLM)._from_config
    with torch.device(device):
        model = from_config(config, dtype=dtype, attn_implementation=_attention(attention))
    prepared = prepare(model)
    _make_audible(audio_encoder(prepared))
    return prepared


@torch.no_grad()
def _make_audible(encoder: MaskedAudioModel) -> None:
    """Bring speech to its first layer at about unit size."""
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
    """Load a checkpoint: safetensors only, and never code from it.

    Args:
        name_or_folder: a folder, or a name on the Hugging Face hub.
        revision: on the hub; for `microsoft/Phi-4-multimodal-instruct` the one with transformers' layout.
        dtype: of the weights.
        device: where they go.
        attention: of the decoder; the audio encoder has SDPA or eager attention only.

    Raises:
        ModelNotFoundError: there is no such checkpoint here and none can be fetched.
    """
    folder = checkpoint_folder(name_or_folder, revision)
    config = _config_of(folder)
    from_pretrained = cast("Any", native.Phi4MultimodalForCausalLM).from_pretrained
    model = from_pretrained(
        folder,
        config=config,
        dtype=dtype,
        attn_implementation=_attention(attention),
        use_safetensors=True,
        trust_remote_code=False,
        device_map={"": device},
    )
    prepared = prepare(model)
    prepared.checkpoint = folder
    prepared.name_or_path = prepared.config.name_or_path = str(name_or_folder)
    return prepared


def _config_of(folder: Path) -> Phi4MultimodalConfig:
    path = folder / "config.json"
    try:
        kind = json.loads(path.read_text(encoding="utf-8")).get("model_type")
    except ValueError as error:
        raise EnunciateError(f"{path}: not JSON ({error}). Get the checkpoint again") from error
    if kind != Phi4MultimodalConfig.model_type:
        raise EnunciateError(
            f"{folder}: a checkpoint of type {kind}, not {Phi4MultimodalConfig.model_type}. "
            f"Of {HUB_NAME} take revision {HUB_REVISION}: its main branch has another layout"
        )
    return cast("Any", Phi4MultimodalConfig).from_pretrained(folder)


def checkpoint_folder(name_or_folder: str | Path, revision: str | None = None) -> Path:
    """The folder of a checkpoint, fetched from the hub where it is a name (without the vision adapter).

    Raises:
        ModelNotFoundError: neither a folder with a checkpoint nor a name that can be fetched.
    """
    folder = Path(name_or_folder)
    if folder.is_dir():
        if not (folder / "config.json").is_file() or not list(folder.glob("*.safetensors")):
            raise ModelNotFoundError(
                f"{folder}: no checkpoint in it: config.json and *.safetensors are needed"
            )
        return folder
    from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]

    name = str(name_or_folder)
    revision = revision_of(name, revision)
    try:
        return Path(
            snapshot_download(
                name,
                revision=revision,
                allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model"],
                ignore_patterns=["vision-lora/*"],
            )
        )
    except Exception as error:  # the hub's errors have no common base: HTTP, offline, bad name
        at = f" (revision {revision})" if revision else ""
        raise ModelNotFoundError(
            f"{name}{at}: not a folder here, not in the cache, and not to be fetched from the Hugging Face "
            f"hub ({type(error).__name__}). Give the folder of a checkpoint, or get it while you are "
            f"online: hf download {name}" + (f" --revision {revision}" if revision else "")
        ) from error


def _attention(decoder: Attention) -> dict[str, str]:
    return {"": decoder, "audio_config": "sdpa", "vision_config": "sdpa"}


def prepare(model: nn.Module) -> Phi4MultimodalForCausalLM:
    """Install the corrections on a model of transformers' class, in place; doing it twice changes nothing."""
    assert isinstance(model, native.Phi4MultimodalForCausalLM)
    mask_audio(audio_encoder(model))
    model.__class__ = Phi4MultimodalForCausalLM
    return cast("Phi4MultimodalForCausalLM", model)


def enable_checkpointing(model: nn.Module) -> None:
    """Recompute the layers' activations in the backward pass, those of the audio encoder too."""
    wrapped = cast("Any", model)
    new_name = getattr(wrapped, "activation_checkpointing_enable", None)
    (new_name or wrapped.gradient_checkpointing_enable)({"use_reentrant": False})
