"""Numbers that are names: of rooms, flights, roads and the like."""

from __future__ import annotations

import re

from enunciate.reading.number_readings import labels
from enunciate.reading.rule import Found, Rule

_LABELLED = re.compile(
    r"(?<!\w)(?:room|flight|bus|route|highway|interstate|apartment|apt|suite|extension|ext|code|pin|area|gate|"
    r"channel|locker|boeing)\.?\s(?:[A-Z]{1,3}\s?)?$",
    re.IGNORECASE,
)
"""For `Found.before`: words whose number is a name."""


def _after_label(found: Found) -> list[str]:
    """Return the readings of a number that names a room, a flight or the like; else none."""
    return labels(found[0]) if _LABELLED.search(found.before) else []


RULES = (
    Rule(
        "number of a room",
        re.compile(r"[0-9]{2,4}(?!\w|[.,:/][0-9])"),
        _after_label,
        "Room 101",
        "room one oh one",
    ),
)
