"""What has a row in a table of results."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """What has a row."""

    UTTERANCES = "utterances"
    WORDS = "words"
    PHONES = "phones"
