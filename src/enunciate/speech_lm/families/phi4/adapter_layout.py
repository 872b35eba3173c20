"""Which modules of Phi-4-multimodal an adapter trains, and the speech adapter that the checkpoint brings."""

from __future__ import annotations

from typing import Any

LORA_TARGETS = r"model\.layers\.\d+\.(self_attn\.(qkv_proj|o_proj)|mlp\.(gate_up_proj|down_proj))"
"""The linear layers of the decoder only: the audio encoder has modules of the same names."""
ENCODER_LORA_TARGETS = r".*\.audio_embed\.encoder\.encoders\.\d+\.self_attn\.(q_proj|k_proj|v_proj|o_proj)"
"""The attention of the audio encoder."""
AUDIO_MODULES = ("audio_embed.encoder", "up_proj_for_speech", "down_proj_for_speech")
"""The audio encoder, and the projector for speech without images."""
SPEECH_ADAPTER = "speech-lora"
"""Folder of the speech adapter inside the checkpoint."""
SPEECH_ADAPTER_SHAPE: dict[str, Any] = {"r": 320, "lora_alpha": 640, "lora_dropout": 0.01}
