"""An assessment as a TextGrid of Praat, to see and hear it beside the sound.

The tiers are intervals from the start of the clip to its end:
    words   the words of the reference text, as typed
    phones  the phones expected
    heard   the phones heard; `<DEL>` where a phone was left out
    scores  the score of each phone, from 0 to 2
A tier is empty where an assessment without reference text has nothing for it. Sounds that were inserted have
no times, and are not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from enunciate.corpus.labels import DELETED
from enunciate.errors import OutputError
from enunciate.schema import Assessment


@dataclass(frozen=True)
class TierInterval:
    """A stretch of the clip with a label."""

    start_s: float
    end_s: float
    label: str


def to_textgrid(assessment: Assessment) -> str:
    """Return the text of a TextGrid file, in Praat's long format.

    Raises:
        OutputError: The engine gives no times.
    """
    phones = assessment.phones
    if phones and all(phone.start_s is None for phone in phones):
        raise OutputError(
            f"{assessment.id}: {assessment.model} gives no times, which a TextGrid needs. "
            "Use --format csv or json"
        )
    tiers = {
        "words": [_interval(word.start_s, word.end_s, word.text) for word in assessment.words],
        "phones": [_interval(p.start_s, p.end_s, p.phone) for p in phones if assessment.words],
        "heard": [_interval(p.start_s, p.end_s, p.heard or DELETED) for p in phones],
        "scores": [_interval(p.start_s, p.end_s, f"{p.score.value:.2f}") for p in phones if p.score],
    }
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {_seconds(assessment.duration_s)}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for number, (name, intervals) in enumerate(tiers.items(), start=1):
        lines += _tier(number, name, list(filled(intervals, assessment.duration_s)), assessment.duration_s)
    return "\n".join(lines) + "\n"


def filled(intervals: Iterable[TierInterval | None], duration_s: float) -> Iterator[TierInterval]:
    """Yield intervals that cover the whole clip without a gap or an overlap, as Praat wants them.

    What is without times, or has no length, is left out.
    """
    end_s = 0.0
    known = (interval for interval in intervals if interval is not None)
    for interval in sorted(known, key=lambda interval: interval.start_s):
        start_s = max(interval.start_s, end_s)
        stop_s = min(interval.end_s, duration_s)
        if _seconds(start_s) == _seconds(stop_s) or start_s > stop_s:
            continue
        if _seconds(start_s) != _seconds(end_s):
            yield TierInterval(end_s, start_s, "")
        yield TierInterval(start_s, stop_s, interval.label)
        end_s = stop_s
    if _seconds(end_s) != _seconds(duration_s):
        yield TierInterval(end_s, duration_s, "")


def _interval(start_s: float | None, end_s: float | None, label: str) -> TierInterval | None:
    return None if start_s is None or end_s is None else TierInterval(start_s, end_s, label)


def _tier(number: int, name: str, intervals: list[TierInterval], duration_s: float) -> Iterator[str]:
    yield f"    item [{number}]:"
    yield '        class = "IntervalTier"'
    yield f'        name = "{name}"'
    yield "        xmin = 0"
    yield f"        xmax = {_seconds(duration_s)}"
    yield f"        intervals: size = {len(intervals)}"
    for index, interval in enumerate(intervals, start=1):
        label = interval.label.replace('"', '""')
        yield f"        intervals [{index}]:"
        yield f"            xmin = {_seconds(interval.start_s)}"
        yield f"            xmax = {_seconds(interval.end_s)}"
        yield f'            text = "{label}"'


def _seconds(value_s: float) -> str:
    """Return seconds with three decimals, the precision of all times."""
    return f"{value_s:.3f}"
