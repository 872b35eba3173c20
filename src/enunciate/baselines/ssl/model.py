"""The joint model: a pretrained encoder, a CTC head for phones, and a distribution for each score.

It follows Ryu, Kim and Chung (Interspeech 2023), who train phones by CTC and scores by cross-entropy jointly.

A group norm after the first convolution, as most base models have it, normalises over the whole clip, so that
padding would change the outputs. Clips then go through the convolutions one by one. Attention never sees
padding either, so that a clip gives the same outputs alone and in a batch.
"""

# The libraries' annotations leave many types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoConfig, AutoModel

from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.errors import AudioTooShortError, ModelNotFoundError, RecipeError
from enunciate.phones import PHONES
from enunciate.phones.inventory import UNCLEAR
from enunciate.schema import ASPECTS

FAMILIES = ("wav2vec2", "hubert", "wavlm")
SYMBOLS = ("", *PHONES, UNCLEAR)
"""The classes of the CTC head, of which the first is the blank."""
BLANK = 0
N_SCORES = 11
WEIGHTS = "model.safetensors"
_TINY = 1e-7

warnings.filterwarnings("ignore", message=".*mismatched key_padding_mask.*")  # by WavLM in transformers


class JointOutputs(NamedTuple):
    """Outputs for B clips of up to F frames, in float32."""

    log_probs: Tensor
    """(B, F, 41) log-probabilities of `SYMBOLS`."""
    frames: Tensor
    """(B,) number of frames of each clip, without padding."""
    scores: Tensor
    """(B, 4, 11) logits of each score from 0 to 10."""


class JointModel(nn.Module):
    """The encoder and both heads."""

    def __init__(self, encoder: nn.Module, dropout: float) -> None:
        super().__init__()
        self.encoder: Any = encoder
        width = self.encoder.config.hidden_size
        self.dropout = nn.Dropout(dropout)
        self.phone_head = nn.Linear(width, len(SYMBOLS))
        self.score_head = nn.Sequential(
            nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, len(ASPECTS) * N_SCORES)
        )

    def freeze_features(self) -> None:
        """Exclude the convolutions from training."""
        self.encoder.feature_extractor._freeze_parameters()

    @property
    def heads(self) -> list[nn.Parameter]:
        """The parameters of both heads."""
        return [*self.phone_head.parameters(), *self.score_head.parameters()]

    def frames_of(self, n_samples: int) -> int:
        """Return the number of frames for a clip; less than 1 where the clip is too short."""
        return int(self.encoder._get_feat_extract_output_lengths(n_samples))

    def forward(self, clips: Sequence[Tensor]) -> JointOutputs:
        """Compute the outputs for clips, each (samples,) as `prepare_samples` gives them."""
        frames = torch.tensor([self.frames_of(len(clip)) for clip in clips], device=clips[0].device)
        features = pad_sequence(self._convolved(clips, frames), batch_first=True)
        real = torch.arange(features.shape[1], device=frames.device) < frames[:, None]
        x = self.dropout(self._encoded(features, real))
        weights = real.unsqueeze(2) / frames[:, None, None]
        pooled = (x * weights.to(x.dtype)).sum(dim=1)
        scores = self.score_head(pooled).float().unflatten(1, (len(ASPECTS), N_SCORES))
        return JointOutputs(self.phone_head(x).float().log_softmax(dim=2), frames, scores)

    def _convolved(self, clips: Sequence[Tensor], frames: Tensor) -> list[Tensor]:
        extract: Any = self.encoder.feature_extractor
        if self.encoder.config.feat_extract_norm == "group":
            return [extract(clip[None])[0].transpose(0, 1) for clip in clips]
        features = extract(pad_sequence(list(clips), batch_first=True)).transpose(1, 2)
        return [row[:n] for row, n in zip(features, frames, strict=True)]

    def _encoded(self, features: Tensor, real: Tensor) -> Tensor:
        """Run the encoder after its convolutions, as its own `forward` does: (B, F, C) to (B, F, width)."""
        projected: Any = self.encoder.feature_projection(features)
        hidden: Tensor = (
            projected[0] if isinstance(projected, tuple) else projected
        )  # HuBERT returns no tuple
        if self.training and features.shape[1] > self.encoder.config.mask_time_length:
            hidden = self.encoder._mask_hidden_states(hidden, attention_mask=real.long())
        return self.encoder.encoder(hidden, attention_mask=real).last_hidden_state


def build(name_or_folder: str, revision: str | None, dropout: float) -> JointModel:
    """Load a pretrained encoder, and add untrained heads.

    Raises:
        ModelNotFoundError: The checkpoint is neither here nor on the hub.
        RecipeError: The checkpoint is of another kind of model.
    """
    config = _config(name_or_folder, revision)
    _check_family(name_or_folder, config)
    try:
        encoder: Any = AutoModel.from_pretrained(
            name_or_folder, revision=revision, config=config, dtype=torch.float32, trust_remote_code=False
        )
    except Exception as error:
        raise _not_found(name_or_folder, error) from error
    return JointModel(encoder, dropout)


def rebuild(folder: Path, weights: Path, dropout: float = 0.0) -> JointModel:
    """Load a trained model from the configuration in its folder and a file of weights.

    Raises:
        ModelNotFoundError: A file is missing, or does not match.
    """
    config = _config(str(folder), None)
    encoder: Any = cast("Any", AutoModel).from_config(config, trust_remote_code=False)
    model = JointModel(encoder, dropout)
    try:
        model.load_state_dict(load_file(weights))
    except (OSError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelNotFoundError(
            f"{weights}: no weights that fit {folder}/config.json ({reason}). Use the complete folder that "
            "`enunciate train` wrote"
        ) from error
    return model


def prepare_samples(samples: Samples, normalise: bool, where: str, model: JointModel) -> Tensor:
    """Prepare samples for the encoder.

    Args:
        samples: (n,) at 16 kHz.
        normalise: Whether the encoder expects zero mean and unit variance.
        where: The name of the clip in messages.
        model: The model, whose frames set the shortest clip.

    Raises:
        AudioTooShortError: The clip is shorter than one frame.
    """
    if model.frames_of(len(samples)) < 1:
        raise AudioTooShortError(
            f"{where} lasts {len(samples) / SAMPLE_RATE_HZ:.2f} s, less than one frame of this encoder: "
            "record a whole word"
        )
    values = samples.astype(np.float64)
    if normalise:
        values = (values - values.mean()) / np.sqrt(values.var() + _TINY)
    return torch.from_numpy(values.astype(np.float32))


def _config(name_or_folder: str, revision: str | None) -> Any:
    try:
        return cast("Any", AutoConfig).from_pretrained(
            name_or_folder, revision=revision, trust_remote_code=False
        )
    except Exception as error:  # the hub's errors have no common base: HTTP, offline, bad name
        raise _not_found(name_or_folder, error) from error


def _not_found(name: str, error: Exception) -> ModelNotFoundError:
    return ModelNotFoundError(
        f"{name}: no checkpoint here, none in the cache, and none to be fetched from the Hugging Face hub "
        f"({type(error).__name__}). Give the folder of a checkpoint, or get it while you are online: "
        f"hf download {name}"
    )


def _check_family(name: str, config: Any) -> None:
    problems: list[str] = []
    if config.model_type not in FAMILIES:
        problems.append(f"model: is a '{config.model_type}', and must be one of {', '.join(FAMILIES)}")
    elif getattr(config, "add_adapter", False):
        problems.append("model: has an adapter after its encoder (add_adapter): take one without")
    if problems:
        raise RecipeError(name, problems)
