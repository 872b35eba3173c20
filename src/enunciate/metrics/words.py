"""Agreement in the scores of words; undefined on a part of the corpus without word scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from enunciate.metrics.agreement import agreement
from enunciate.metrics.correlation import UTTERANCE_TOP
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.records import WordAgreement
from enunciate.schema import Score

WordAspect = Literal["accuracy", "total"]
"""Human raters also score the stress of a word; no engine here does."""


def word_agreement(pairs: Sequence[Evaluated]) -> WordAgreement:
    """Return the agreement in word scores; a word without an answer counts as in utterances (see `results`).

    Raises:
        MissingExtraError: scipy is not installed.
    """
    accuracy, total = (word_scores(pairs, aspect) for aspect in ("accuracy", "total"))
    return WordAgreement(
        n_words=len(accuracy[0]),
        n_labelled=sum(a is not None or b is not None for a, b in zip(accuracy[0], total[0], strict=True)),
        accuracy=agreement(*accuracy, UTTERANCE_TOP),
        total=agreement(*total, UTTERANCE_TOP),
    )


def word_scores(
    pairs: Sequence[Evaluated], aspect: WordAspect
) -> tuple[list[float | None], list[Score | None], list[str]]:
    """Return the human and the predicted score of each word, and its speaker.

    An engine that splits the text into other words gave none of these words a score.
    """
    human: list[float | None] = []
    predicted: list[Score | None] = []
    speakers: list[str] = []
    for pair in pairs:
        words = pair.utterance.words or ()
        results = pair.assessment.words if pair.assessment else ()
        same = len(results) == len(words)
        human += [word.accuracy if aspect == "accuracy" else word.total for word in words]
        predicted += [result.score for result in results] if same else [None] * len(words)
        speakers += [pair.speaker] * len(words)
    return human, predicted, speakers
