"""Completion of labels that a copy of Speechocean762 has only as ranges, or not at all.

Some copies give exact scores of a part of the utterances only, and for the others a range that holds the
score. The ranges are in a file beside the label file, both ends included, on the scale from 0 to 10:

    resource/ranges.json    {<utterance id>: {"fluency": [7, 8], "prosodic": [7, 8], "words": [[9, 10], ...]}}

`words` has the accuracy of each word, in the order of the text; null stands for an unknown one. The full
corpus has no such file, and all of its scores are exact.

The total of an utterance without an exact one is estimated from the other aspects by a linear formula, which
is learnt from the exact utterances among those given. Give the utterances of the train split alone, so that
nothing of the test split goes into the labels that a model learns from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from enunciate.corpus.problems import Problems
from enunciate.corpus.records import UTTERANCE_MAXIMUM, is_score
from enunciate.corpus.speechocean762 import read_json_object
from enunciate.errors import CorpusError
from enunciate.schema import HumanScores, ReferenceWord, Utterance

RANGES = "resource/ranges.json"
_RANGED_ASPECTS = ("fluency", "prosodic")
"""The aspects that the file of ranges may have."""
_FORMULA_ASPECTS = ("accuracy", "fluency", "prosodic")


class ScoreRange(NamedTuple):
    """The lowest and the highest value that a score may have; an exact score is both."""

    low: float
    high: float

    @property
    def midpoint(self) -> float:
        """The value in the middle, which is the exact score where there is one."""
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class LabelRanges:
    """What is known of the scores of one utterance."""

    scores: Mapping[str, ScoreRange]
    """By aspect of `HumanScores`; an aspect of which nothing is known is absent."""
    words: tuple[ScoreRange | None, ...]
    """The accuracy of each word; None where nothing is known of it."""


@dataclass(frozen=True)
class TotalFormula:
    """A linear estimate of the total from accuracy, fluency and prosodic, clipped to 0 to 10."""

    weights: tuple[float, float, float]
    constant: float
    rmse: float
    """Root mean squared error on the utterances that it was learnt from."""
    n_utterances: int
    """The number of utterances that it was learnt from."""

    def __call__(self, accuracy: float, fluency: float, prosodic: float) -> float:
        """Estimate a total."""
        products = zip(self.weights, (accuracy, fluency, prosodic), strict=True)
        total = self.constant + sum(weight * score for weight, score in products)
        return min(max(total, 0.0), float(UTTERANCE_MAXIMUM))


@dataclass(frozen=True)
class CompletedLabels:
    """Utterances with completed labels, and what a report has to say of them."""

    utterances: tuple[Utterance, ...]
    """Utterances whose unknown scores are the midpoints of their ranges, and totals by the formula."""
    ranges: tuple[LabelRanges, ...]
    """The range of each score, one entry per utterance, for a loss that is 0 inside a range."""
    formula: TotalFormula | None
    """The formula of the estimated totals; None where every total is exact, or none could be estimated."""
    n_estimated: int
    """The number of utterances with an estimated total."""


def complete_labels(folder: Path | str, utterances: Sequence[Utterance]) -> CompletedLabels:
    """Complete the labels of utterances of a split, as far as they can be.

    Exact scores stay as they are. A copy without ranges, such as the full corpus, is returned unchanged
    except for totals that can be estimated.

    Args:
        folder: The folder of the corpus.
        utterances: The utterances of one split, as `load_corpus` gives them.

    Raises:
        CorpusError: The file of ranges is broken or contradicts the exact scores, or totals have to be
            estimated and there are too few exact utterances to learn the formula from.
    """
    ranges = read_ranges(folder, utterances)
    estimable = [_lacks_total_only(one) for one in ranges]
    formula = fit_total_formula(utterances) if any(estimable) else None
    if formula is not None:
        ranges = [
            _with_total(one, formula) if estimated else one
            for one, estimated in zip(ranges, estimable, strict=True)
        ]
    completed = [_completed(utterance, one) for utterance, one in zip(utterances, ranges, strict=True)]
    return CompletedLabels(tuple(completed), tuple(ranges), formula, sum(estimable))


def read_ranges(folder: Path | str, utterances: Sequence[Utterance]) -> list[LabelRanges]:
    """Read the range of each score of each utterance.

    An exact score is a range of one value. Without a file of ranges only exact scores are known.

    Raises:
        CorpusError: The file is broken or contradicts the exact scores; the message has a line for each
            problem.
    """
    root = Path(folder)
    problems = Problems()
    rows: Mapping[str, Any] = {}
    if (root / RANGES).is_file():
        rows = read_json_object(root, RANGES, problems)
    ranges = [_label_ranges(utterance, rows.get(utterance.id), problems) for utterance in utterances]
    problems.raise_if_any(str(root))
    return ranges


def fit_total_formula(utterances: Sequence[Utterance]) -> TotalFormula:
    """Learn the formula of the total by least squares from the utterances that have all scores exact.

    Raises:
        CorpusError: There are fewer exact utterances than the formula has coefficients.
    """
    exact = [u.scores for u in utterances if u.scores is not None and _is_exact(u.scores)]
    needed = len(_FORMULA_ASPECTS) + 1
    if len(exact) < needed:
        raise CorpusError(
            f"{len(exact)} utterances have exact scores of accuracy, fluency, prosodic and total, and the "
            f"formula that estimates the other totals needs at least {needed}"
        )
    inputs: npt.NDArray[np.float64] = np.array(
        [[*(getattr(scores, aspect) for aspect in _FORMULA_ASPECTS), 1.0] for scores in exact]
    )
    totals: npt.NDArray[np.float64] = np.array([scores.total for scores in exact], dtype=np.float64)
    accuracy, fluency, prosodic, constant = np.linalg.lstsq(inputs, totals, rcond=None)[0].tolist()
    errors = inputs @ np.array([accuracy, fluency, prosodic, constant]) - totals
    rmse = float(np.sqrt(np.mean(errors**2)))
    return TotalFormula((accuracy, fluency, prosodic), constant, rmse, len(exact))


def _label_ranges(utterance: Utterance, row: Any, problems: Problems) -> LabelRanges:
    where = f"{RANGES}: {utterance.id}"
    if row is not None and not isinstance(row, Mapping):
        problems.add(where, "must be an object of ranges")
        row = None
    given = cast("Mapping[str, Any]", row or {})
    known = {} if utterance.scores is None else utterance.scores.model_dump(exclude_none=True)
    scores = {aspect: ScoreRange(value, value) for aspect, value in known.items()}
    for aspect in _RANGED_ASPECTS:
        if given.get(aspect) is not None:
            score = _range(given[aspect], known.get(aspect), f"{where}: '{aspect}'", problems)
            scores |= {} if score is None else {aspect: score}
    words = utterance.words or ()
    return LabelRanges(scores, _word_ranges(words, given.get("words"), where, problems))


def _word_ranges(
    words: Sequence[ReferenceWord], listed: Any, where: str, problems: Problems
) -> tuple[ScoreRange | None, ...]:
    exact = [None if word.accuracy is None else ScoreRange(word.accuracy, word.accuracy) for word in words]
    if listed is None:
        return tuple(exact)
    if not isinstance(listed, list) or len(cast("list[Any]", listed)) != len(words):
        problems.add(where, f"'words' must be a list of {len(words)} ranges, one per word")
        return tuple(exact)
    return tuple(
        exact[index]
        if value is None
        else _range(value, words[index].accuracy, f"{where}: word {index}", problems)
        for index, value in enumerate(cast("list[Any]", listed))
    )


def _range(value: Any, exact: float | None, where: str, problems: Problems) -> ScoreRange | None:
    """Check a range; an exact score takes its place."""
    ends = cast("list[Any]", value) if isinstance(value, list) else []
    if len(ends) != 2 or not all(is_score(end, UTTERANCE_MAXIMUM) for end in ends) or ends[0] > ends[1]:
        problems.add(where, f"{value!r} is not a range [low, high] of scores of 0 to {UTTERANCE_MAXIMUM}")
        return None
    low, high = ends
    if exact is None:
        return ScoreRange(float(low), float(high))
    if not low <= exact <= high:
        problems.add(where, f"the score {exact:g} is outside its range {value!r}")
    return ScoreRange(exact, exact)


def _is_exact(scores: HumanScores) -> bool:
    return all(getattr(scores, aspect) is not None for aspect in (*_FORMULA_ASPECTS, "total"))


def _lacks_total_only(ranges: LabelRanges) -> bool:
    return "total" not in ranges.scores and all(aspect in ranges.scores for aspect in _FORMULA_ASPECTS)


def _with_total(ranges: LabelRanges, formula: TotalFormula) -> LabelRanges:
    """Add the range of the total; every weight is taken as its sign says, so low and high stay in order."""
    known = [ranges.scores[aspect] for aspect in _FORMULA_ASPECTS]
    pairs = list(zip(known, formula.weights, strict=True))
    low = formula(*(score.low if weight >= 0 else score.high for score, weight in pairs))
    high = formula(*(score.high if weight >= 0 else score.low for score, weight in pairs))
    return LabelRanges({**ranges.scores, "total": ScoreRange(low, high)}, ranges.words)


def _completed(utterance: Utterance, ranges: LabelRanges) -> Utterance:
    scores = {aspect: score.midpoint for aspect, score in ranges.scores.items()}
    words = utterance.words and tuple(
        word if score is None else word.model_copy(update={"accuracy": score.midpoint})
        for word, score in zip(utterance.words, ranges.words, strict=True)
    )
    return utterance.model_copy(update={"scores": HumanScores(**scores) if scores else None, "words": words})
