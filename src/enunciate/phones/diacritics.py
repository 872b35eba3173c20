"""Letters with marks, in the letters of English."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans(
    dict(zip("ŁłĐđØøıÐð", "LlDdOoiDd", strict=True))
    | {"Æ": "Ae", "æ": "ae", "Œ": "Oe", "œ": "oe", "ß": "ss", "Þ": "Th", "þ": "th"}
)
"""Letters that Unicode does not take apart into one of English and a mark."""


def strip_accents(text: str) -> str:
    """Return a text without accents: "cafe" of "café", "Lodz" of "Łódź"."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text.translate(_LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c))
