"""The result of decoding one task on one clip: the answer, its text, and the probabilities of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.schema import Aspect
from enunciate.speech_lm.decoding.slots import Floats
from enunciate.speech_lm.targets import SCORES, Answer, Unparsable


@dataclass(frozen=True, eq=False)
class DecodedAnswer:
    """The answer to one task on one clip."""

    answer: Answer | Unparsable
    raw: str
    """The decoded text, without the end token."""
    distributions: Mapping[Aspect, Floats] | None = None
    """The probabilities (11,) of the scores 0 to 10 for each aspect; None unless decoding was constrained."""
    phone_probabilities: tuple[float, ...] | None = None
    """The probability of each phone: the product over its tokens of their probabilities among the tokens that
    the grammar allowed. None unless the answer is a transcript that parses."""


def expectation(distribution: npt.NDArray[np.floating]) -> float:
    """Return the mean of a distribution (11,) over 0 to 10."""
    return float(np.dot(distribution, np.arange(len(SCORES))))
