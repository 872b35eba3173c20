"""The phone inventory, the lexicon, and the conversion of a reference text to phones."""

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
from enunciate.phones.text import TextWord, parse_text

__all__ = [
    "FEATURES",
    "IPA",
    "PHONES",
    "Lexicon",
    "PhoneFeatures",
    "TextWord",
    "is_vowel",
    "parse_phones",
    "parse_text",
    "strip_stress",
    "to_ipa",
]
