"""Features of several clips as one batch, for training and for decoding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from enunciate.speech_lm.audio_geometry import AudioGeometry


def audio_batch(features: Sequence[Tensor], geometry: AudioGeometry) -> dict[str, Tensor]:
    """Pad the features of B clips, each of shape (T, M), to the longest clip.

    Returns:
        audio_input_features: (B, T, M) float32, zeros after the end of a clip.
        audio_embed_sizes: (B,) int64, audio tokens per clip.
        audio_attention_mask: (B, T) bool, true on frames of the clip; given even if nothing is padded.
    """
    masks = [torch.ones(len(clip), dtype=torch.bool) for clip in features]
    return {
        "audio_input_features": pad_sequence(list(features), batch_first=True),
        "audio_embed_sizes": torch.tensor([geometry.n_tokens(len(clip)) for clip in features]),
        "audio_attention_mask": pad_sequence(masks, batch_first=True),
    }
