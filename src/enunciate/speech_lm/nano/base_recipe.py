"""Recipes of the `phi4-base` kind: the small base model that stands in for Phi-4 in experiments at scale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from enunciate.schema import FrozenModel
from enunciate.speech_lm.options import TargetConfig
from enunciate.training.recipe_file import TrainingRecipe

_Count = Annotated[int, Field(gt=0)]
_Share = Annotated[float, Field(ge=0, lt=1)]


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


class NanoBaseRecipe(TrainingRecipe):
    """Train a small model of Phi-4's classes to transcribe: the base of the scale experiments."""

    kind: Literal["phi4-base"]
    size: Literal["tiny", "nano"] = "nano"
    """tiny: 0.1 million parameters, for tests. nano: about 25 million."""
    vocabulary: Annotated[int, Field(ge=600)] = 2_048
    """Size of the vocabulary; its words are learnt from the texts."""
    target: TargetConfig = TargetConfig()
    synthetic: Path | None = None
    """Folder of synthetic speech (`python -m enunciate.corpus.synthetic`)."""
    synthetic_share: tuple[_Share, _Share] = (0.8, 0.4)
    """Share of synthetic clips in the batches at the beginning and at the end of training."""
    score_share: _Share = 0.05
    """Share of the clips that are asked for scores, with random scores as the answer: like Phi-4, the base
    then knows the form of such JSON, but nothing about the scores themselves."""
    limit: _Count | None = None
    """Learn from only the first so many recordings and as many synthetic clips, for a trial."""
    dev_speakers: Annotated[int, Field(ge=0)] = 10
    """About this many speakers of the train split are held out and reported on."""
    dev_utterances: _Count = 200
    """Maximum number of their utterances that are reported on."""

    steps: _Count = 12_000
    warmup_steps: Annotated[int, Field(ge=0)] = 500
    batch_frames: _Count = 48_000
    """Feature frames (10 ms) per batch, padding included."""
    learning_rate: Annotated[float, Field(gt=0)] = 6e-4
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    audio_dropout: _Share = 0.1
    """Dropout in the audio encoder during training; the saved base has none, like the checkpoint."""
    decoder_dropout: _Share = 0.1
    """The same on the decoder's residual connections."""
    hidden_answer: _Share = 0.15
    """Share of the answer's tokens that are masked in the decoder's input, so that it has to listen."""
    ctc_weight: Annotated[float, Field(ge=0)] = 0.5
    """Weight of the CTC loss that makes the audio encoder phonetic; its head is discarded at the end."""
    place_weight: Annotated[float, Field(ge=0)] = 1.0
    """Weight of the framewise phone loss, on synthetic clips, whose phone boundaries are known."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """Decay of the exponential moving average of the weights, which is what is saved."""
    augment: AugmentConfig = AugmentConfig()
    log_every: _Count = 100
    give_up_at: Annotated[float, Field(gt=0, lt=1)] = 0.35
    """Share of the run after which a phone error rate over 0.9 ends it."""
    time_limit_s: Annotated[float, Field(gt=0)] = 520.0
    """Training ends after this time whatever the step; the schedule of the learning rate ends there too."""
    workers: Annotated[int, Field(ge=0)] = 8
    """Processes that compute features; 0 computes them in the training process."""
