"""Changes of sounds that native speakers make in connected speech, and that nobody calls a mistake."""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.phones.inventory import is_vowel, strip_stress

_CENTRAL, _REDUCED = ("AH", "IH", "ER"), ("AH", "IH", "ER", "EH", "UH")
_ASSIMILATED = {("N", "M"), ("N", "NG"), ("M", "N")}
_CHANGES = _ASSIMILATED | {(full, reduced) for full in _CENTRAL for reduced in _REDUCED if full != reduced}
_UNSTRESSED = "0"


def is_reduction(canonical: str, heard: Sequence[str]) -> bool:
    """Whether a phone was left out, or changed as in connected speech.

    A central vowel may take the colour of another ("the", "of", "for"), an unstressed one that of any vowel
    ("lazy", "review"), and a nasal the place of the consonant after it ("ten boys").

    Args:
        canonical: The phone of the dictionary, with its stress where that is known.
        heard: The phones that were heard in its place.
    """
    if not heard:
        return True
    if len(heard) > 1:
        return False
    weak = canonical.endswith(_UNSTRESSED) and is_vowel(heard[0])
    return weak or (strip_stress(canonical), heard[0]) in _CHANGES
