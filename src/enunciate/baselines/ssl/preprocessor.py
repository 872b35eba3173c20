"""The preprocessor of a checkpoint, which says whether its encoder expects normalised samples."""

# The libraries' annotations leave many types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from transformers import AutoConfig, Wav2Vec2FeatureExtractor

from enunciate.audio import SAMPLE_RATE_HZ
from enunciate.errors import RecipeError


def expects_normalised(name_or_folder: str, revision: str | None) -> bool:
    """Whether an encoder expects samples of zero mean and unit variance.

    Its preprocessor says so. A checkpoint without one is assumed to expect them if its convolutions have
    layer norms, as most large models do.

    Raises:
        RecipeError: The encoder was trained at another sampling rate.
    """
    try:
        preprocessor = cast("Any", Wav2Vec2FeatureExtractor).from_pretrained(
            name_or_folder, revision=revision
        )
    except Exception:  # the hub's errors have no common base, and a checkpoint may have no such file
        config = cast("Any", AutoConfig).from_pretrained(
            name_or_folder, revision=revision, trust_remote_code=False
        )
        return bool(config.feat_extract_norm == "layer")
    if preprocessor.sampling_rate != SAMPLE_RATE_HZ:
        raise RecipeError(
            name_or_folder,
            [f"model: takes {preprocessor.sampling_rate} Hz, and clips have {SAMPLE_RATE_HZ} Hz"],
        )
    return bool(preprocessor.do_normalize)


def write_preprocessor(folder: Path, normalise: bool) -> None:
    """Write the preprocessor of a trained model."""
    extractor: Any = Wav2Vec2FeatureExtractor(
        sampling_rate=SAMPLE_RATE_HZ, do_normalize=normalise, return_attention_mask=True
    )
    extractor.save_pretrained(folder)
