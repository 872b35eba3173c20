"""Where each aspect stands in an array of utterance scores."""

from __future__ import annotations

from enunciate.schema import ASPECTS

ACCURACY, FLUENCY, PROSODIC, TOTAL = range(len(ASPECTS))
