"""How far apart two phones are in the way that they are produced.

The distance counts differing articulatory features (place, manner and voicing of consonants; height,
backness, rounding, glide and rhoticity of vowels). It weighs alternatives in the alignment and in the
diagnosis: learners replace a sound by a close one, and an alignment that expects this gives the wrong sound
its own time.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache

import numpy as np
import numpy.typing as npt

from enunciate.phones.inventory import FEATURES, PHONES, PhoneFeatures

_FAR = 4
"""Differing features from which two phones of a kind are as far apart as a vowel and a consonant."""


def articulatory_distance(a: str, b: str) -> float:
    """The distance of two phones without stress, from 0 (the same) to 1 (far apart, or vowel and consonant).

    >>> articulatory_distance("S", "S"), articulatory_distance("S", "TH"), articulatory_distance("S", "AA")
    (0.0, 0.25, 1.0)
    """
    first, second = FEATURES[a], FEATURES[b]
    if first.vowel != second.vowel:
        return 1.0
    differing = sum(getattr(first, f.name) != getattr(second, f.name) for f in fields(PhoneFeatures))
    return min(1.0, differing / _FAR)


@cache
def distance_table() -> npt.NDArray[np.float64]:
    """(39, 39): the distances of all pairs, in the order of `PHONES`."""
    return np.array([[articulatory_distance(a, b) for b in PHONES] for a in PHONES])
