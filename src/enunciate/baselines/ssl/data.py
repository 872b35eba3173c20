"""What the joint model learns from: samples, phones heard by people, whole scores."""

# The libraries' annotations leave many types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from torch import Tensor
from transformers import AutoConfig, Wav2Vec2FeatureExtractor

from enunciate.audio import SAMPLE_RATE_HZ, load
from enunciate.baselines.ssl.model import SYMBOLS, JointModel, prepared
from enunciate.corpus.labels import has_phone_labels, heard_phones, whole_scores
from enunciate.errors import RecipeError
from enunciate.schema import ASPECTS, Utterance

UNKNOWN = -100


@dataclass(frozen=True, eq=False)
class Example:
    """One clip; samples stay in memory, 0.23 GB an hour."""

    utterance: Utterance
    clip: Tensor
    """(samples,)"""
    phones: tuple[int, ...] | None
    """Indices into `SYMBOLS`; None where nobody judged the phones."""
    scores: tuple[int, ...]
    """(4,) 0 to 10, `UNKNOWN` where nobody scored all of them."""


def examples_of(utterances: Sequence[Utterance], normalise: bool, model: JointModel) -> list[Example]:
    """An example for each utterance with any label.

    Raises:
        AudioError: a clip cannot be used.
        CorpusError: labels do not fit the phones that they belong to.
    """
    found = (_example(utterance, normalise, model) for utterance in utterances)
    return [example for example in found if example is not None]


def _example(utterance: Utterance, normalise: bool, model: JointModel) -> Example | None:
    judged, rounded = has_phone_labels(utterance), whole_scores(utterance)
    if not judged and rounded is None:
        return None
    # A sound that is mostly like a phone counts as that phone.
    phones = tuple(map(SYMBOLS.index, heard_phones(utterance, starred="drop"))) if judged else None
    scores = tuple(UNKNOWN if rounded is None else rounded[aspect] for aspect in ASPECTS)
    samples = load(utterance.audio).samples
    return Example(utterance, prepared(samples, normalise, f"clip {utterance.id}", model), phones, scores)


def normalises(name_or_folder: str, revision: str | None) -> bool:
    """Whether a checkpoint wants samples of zero mean and unit variance: its preprocessor says.

    Without one, those whose convolutions have layer norms (most large models) were trained so.

    Raises:
        RecipeError: it was trained at another sampling rate.
    """
    try:
        found = cast("Any", Wav2Vec2FeatureExtractor).from_pretrained(name_or_folder, revision=revision)
    except Exception:  # the hub's errors have no common base; a checkpoint may well have no such file
        config = cast("Any", AutoConfig).from_pretrained(
            name_or_folder, revision=revision, trust_remote_code=False
        )
        return bool(config.feat_extract_norm == "layer")
    if found.sampling_rate != SAMPLE_RATE_HZ:
        raise RecipeError(name_or_folder, [f"model: hears {found.sampling_rate} Hz, and clips have 16000 Hz"])
    return bool(found.do_normalize)


def write_preprocessor(folder: Path, normalise: bool) -> None:
    """Say the same of a model that was trained here."""
    extractor: Any = Wav2Vec2FeatureExtractor(
        sampling_rate=SAMPLE_RATE_HZ, do_normalize=normalise, return_attention_mask=True
    )
    extractor.save_pretrained(folder)


def count_labels(examples: Sequence[Example]) -> dict[str, int]:
    """How many examples have each of the two."""
    return {
        "phones": sum(example.phones is not None for example in examples),
        "scores": sum(UNKNOWN not in example.scores for example in examples),
    }
