"""The phone inventory, the lexicon, and what belongs to sequences of phones."""

from enunciate.phones.inventory import (
    FEATURES,
    IPA,
    PHONES,
    PhoneFeatures,
    is_vowel,
    parse_phones,
    strip_stress,
    to_ipa,
)
from enunciate.phones.lexicon import Lexicon

__all__ = [
    "FEATURES",
    "IPA",
    "PHONES",
    "Lexicon",
    "PhoneFeatures",
    "is_vowel",
    "parse_phones",
    "strip_stress",
    "to_ipa",
]
