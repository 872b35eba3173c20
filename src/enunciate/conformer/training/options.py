"""Options of the trained parts; apart from torch, so that a recipe is checked without it."""

from __future__ import annotations

from enunciate.schema import FrozenModel


class EncoderConfig(FrozenModel):
    """Size and regularisation of the encoder."""

    width: int = 288
    layers: int = 8
    heads: int = 4
    ff_width: int = 768
    kernel: int = 15
    quality_width: int = 48
    dropout: float = 0.15
    layer_drop: float = 0.1


class AugmentConfig(FrozenModel):
    """Strength of each augmentation; zero turns one off."""

    tempo: float = 0.15
    """Tempo is drawn from 1 - tempo to 1 + tempo."""
    warp: float = 0.12
    """Frequencies are scaled by 1 - warp to 1 + warp for recordings."""
    warp_synthetic: float = 0.3
    """The same for synthetic voices, upwards mostly: they are all adults."""
    noise_probability: float = 0.5
    min_snr_db: float = 3.0
    max_snr_db: float = 30.0
    room_probability: float = 0.4
    tilt: float = 1.0
    """Standard deviation of the microphone curve's terms, natural-log units."""
    frequency_masks: int = 2
    frequency_mask_bins: int = 18
    time_masks: int = 4
    time_mask_frames: int = 20


class ScorerConfig(FrozenModel):
    """Size and regularisation of the scorer."""

    width: int = 64
    layers: int = 2
    heads: int = 4
    dropout: float = 0.3
    epochs: int = 10
    batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    phone_weight: float = 1.0
    """Weight of the phone losses beside the utterance loss."""
    members: int = 5
    """Members of the ensemble, each leaving out one inner fold of speakers."""
