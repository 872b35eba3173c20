"""The examples that the joint model learns from: samples, heard phones and whole scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from enunciate.audio import load
from enunciate.baselines.ssl.model import SYMBOLS, JointModel, prepare_samples
from enunciate.corpus.labels import has_phone_labels, heard_phones, whole_scores
from enunciate.schema import ASPECTS, Utterance

UNKNOWN = -100
"""The label of an unknown score, which losses ignore."""


@dataclass(frozen=True, eq=False)
class SslExample:
    """One labelled clip. Its samples stay in memory, 0.23 GB per hour."""

    utterance: Utterance
    clip: Tensor
    """(samples,) as `prepare_samples` gives them."""
    phones: tuple[int, ...] | None
    """The heard phones as indices into `SYMBOLS`; None without phone labels."""
    scores: tuple[int, ...]
    """(4,) 0 to 10; all of them `UNKNOWN` unless all four were scored."""


def examples_of(utterances: Sequence[Utterance], normalise: bool, model: JointModel) -> list[SslExample]:
    """Make an example of each utterance that has any label.

    Raises:
        AudioError: A clip cannot be used.
        CorpusError: Labels do not match the phones that they belong to.
    """
    examples = (_example(utterance, normalise, model) for utterance in utterances)
    return [example for example in examples if example is not None]


def _example(utterance: Utterance, normalise: bool, model: JointModel) -> SslExample | None:
    has_phones, rounded = has_phone_labels(utterance), whole_scores(utterance)
    if not has_phones and rounded is None:
        return None
    # A phone with a star, "mostly like it", counts as that phone.
    phones = tuple(map(SYMBOLS.index, heard_phones(utterance, starred="drop"))) if has_phones else None
    scores = tuple(UNKNOWN if rounded is None else rounded[aspect] for aspect in ASPECTS)
    samples = load(utterance.audio).samples
    clip = prepare_samples(samples, normalise, f"clip {utterance.id}", model)
    return SslExample(utterance, clip, phones, scores)


def count_labels(examples: Sequence[SslExample]) -> dict[str, int]:
    """Count the examples with phone labels, and those with scores."""
    return {
        "phones": sum(example.phones is not None for example in examples),
        "scores": sum(UNKNOWN not in example.scores for example in examples),
    }
