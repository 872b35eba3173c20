"""How the scores of a reading change with what is done to it: a pause inside it, or another tempo.

Nobody scored the changed clips, so these are ranges of what a listener would say. Too fast a reading and a
long pause inside one lower fluency and prosody; how far the total falls is left open. Accuracy stays.
"""

from __future__ import annotations

from enunciate.pocket.aspects import FLUENCY, PROSODIC, TOTAL
from enunciate.pocket.training.labels import NOT_KNOWN, ClipLabels, Ends
from enunciate.pocket.training.row_plan import Change, Times

TOO_FAST, TOO_SLOW = 1.3, 0.82
_LOWEST = 1.0
_SLACK = 0.5
"""The lower end of a range falls by so much more than the upper end."""
_SLOW_LOSS = 3.0


def changed_scores(clip: ClipLabels, change: Change, tempo: float, start: Times, end: Times) -> Ends:
    """Return the ranges of the four scores of a clip after a change.

    Args:
        clip: The labels of the clip as it was.
        change: What was done to it.
        tempo: The speed that it gets.
        start: When its phones start after the change, `(U,)` in frames of 10 ms, before the tempo changes.
        end: When they end.
    """
    low, high = list(clip.low), list(clip.high)
    if change == "" and TOO_SLOW <= tempo <= TOO_FAST:
        return low, high
    for aspect in (FLUENCY, PROSODIC):
        if high[aspect] < 0:
            continue
        if change == "" and tempo < TOO_SLOW:
            low[aspect] = max(0.0, low[aspect] - _SLOW_LOSS)
            continue
        loss = _pause_loss(aspect, tempo, start, end) if change == "pause" else 3.0 * (tempo - 1.2)
        high[aspect] = max(high[aspect] - loss, _LOWEST)
        low[aspect] = max(low[aspect] - loss - _SLACK, 0.0)
    low[TOTAL] = high[TOTAL] = NOT_KNOWN
    return low, high


def _pause_loss(aspect: int, tempo: float, start: Times, end: Times) -> float:
    longest_s = float((start[1:] - end[:-1]).max()) / 100 / tempo
    return min(3.0, 0.7 + 0.7 * longest_s) * (1.0 if aspect == FLUENCY else 0.6)
