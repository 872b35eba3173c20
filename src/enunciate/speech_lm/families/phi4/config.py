"""The configuration of Phi-4-multimodal, and a small one of the same classes."""

from __future__ import annotations

from typing import Any

from transformers import Phi4MultimodalConfig

# From the checkpoint's config.json, for head size 128 of which 3/4 are rotated: 48 frequencies.
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


def full_config() -> Phi4MultimodalConfig:
    """The checkpoint's configuration, which the defaults of the class are not.

    Without the vision tower it has 4,302,438,016 parameters.
    """
    return Phi4MultimodalConfig(
        num_attention_heads=24,
        sliding_window=262_144,
        tie_word_embeddings=True,
        rope_parameters=_rope(head_dim=128),
        audio_config={"bias_max_distance": 500},
        vision_config={},
    )


def small_config(
    *,
    vocab_size: int,
    audio_token_id: int,
    pad_token_id: int,
    end_token_id: int,
    audio_dropout: float = 0.0,
    decoder_dropout: float = 0.0,
    **decoder: Any,
) -> Phi4MultimodalConfig:
    """The same architecture with 0.1 million parameters, for tests.

    Args:
        vocab_size: Size of the vocabulary, with reserved ids.
        audio_token_id: Id of the audio placeholder.
        pad_token_id: Id of padding.
        end_token_id: Id of the end of a turn.
        audio_dropout: Dropout in the audio encoder; the checkpoint has none.
        decoder_dropout: Dropout on the decoder's residual connections; the checkpoint has none.
        decoder: Further values of the decoder's configuration.
    """
    width = _AUDIO["hidden_size"]
    return Phi4MultimodalConfig(
        vocab_size=vocab_size,
        bos_token_id=pad_token_id,
        eos_token_id=[pad_token_id, end_token_id],
        pad_token_id=pad_token_id,
        tie_word_embeddings=True,
        rope_parameters=_rope(_DECODER["hidden_size"] // _DECODER["num_attention_heads"]),
        audio_config={
            "ext_pw_out_channel": width,
            "depthwise_separable_out_channel": width,
            "nemo_conv_channels": width,
            "bias_max_distance": 500,
            "dropout_rate": audio_dropout,
            "audio_token_id": audio_token_id,
            **_AUDIO,
        },
        # Never used: no token is an image.
        vision_config={"num_hidden_layers": 1, "num_attention_heads": 1, "image_token_id": -1, **_VISION},
        resid_pdrop=decoder_dropout,
        **(_DECODER | decoder),
    )


_AUDIO: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_blocks": 2,
    "num_attention_heads": 2,
}
_DECODER: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
}
_VISION: dict[str, Any] = {"hidden_size": 8, "intermediate_size": 8, "image_size": 28, "crop_size": 28}


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
