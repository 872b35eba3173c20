"""The 39 phones of CMUdict (ARPAbet), their IPA signs and phonetic features, for General American."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from enunciate.errors import PronunciationError

Place = Literal[
    "bilabial", "labiodental", "dental", "alveolar", "postalveolar", "palatal", "velar", "glottal"
]
Manner = Literal["stop", "affricate", "fricative", "nasal", "liquid", "glide"]
Height = Literal["close", "near-close", "mid", "near-open", "open"]
Backness = Literal["front", "central", "back"]


@dataclass(frozen=True)
class PhoneFeatures:
    """The phonetic features of a phone. Consonants have `place` and `manner`, vowels the last five.

    A diphthong is described by its start; `glides_to` is the direction of its end.
    """

    voiced: bool
    place: Place | None = None
    manner: Manner | None = None
    height: Height | None = None
    backness: Backness | None = None
    rounded: bool = False
    rhotic: bool = False
    glides_to: Literal["front", "back"] | None = None

    @property
    def vowel(self) -> bool:
        """Whether the phone is a vowel."""
        return self.manner is None


def _consonant(place: Place, manner: Manner, voiced: bool, rounded: bool = False) -> PhoneFeatures:
    return PhoneFeatures(voiced, place, manner, rounded=rounded)


def _vowel(
    height: Height,
    backness: Backness,
    rounded: bool = False,
    rhotic: bool = False,
    glides_to: Literal["front", "back"] | None = None,
) -> PhoneFeatures:
    return PhoneFeatures(True, None, None, height, backness, rounded, rhotic, glides_to)


FEATURES: dict[str, PhoneFeatures] = {
    "AA": _vowel("open", "back"),
    "AE": _vowel("near-open", "front"),
    "AH": _vowel("mid", "central"),
    "AO": _vowel("mid", "back", rounded=True),
    "AW": _vowel("open", "central", glides_to="back"),
    "AY": _vowel("open", "central", glides_to="front"),
    "B": _consonant("bilabial", "stop", True),
    "CH": _consonant("postalveolar", "affricate", False),
    "D": _consonant("alveolar", "stop", True),
    "DH": _consonant("dental", "fricative", True),
    "EH": _vowel("mid", "front"),
    "ER": _vowel("mid", "central", rhotic=True),
    "EY": _vowel("mid", "front", glides_to="front"),
    "F": _consonant("labiodental", "fricative", False),
    "G": _consonant("velar", "stop", True),
    "HH": _consonant("glottal", "fricative", False),
    "IH": _vowel("near-close", "front"),
    "IY": _vowel("close", "front"),
    "JH": _consonant("postalveolar", "affricate", True),
    "K": _consonant("velar", "stop", False),
    "L": _consonant("alveolar", "liquid", True),
    "M": _consonant("bilabial", "nasal", True),
    "N": _consonant("alveolar", "nasal", True),
    "NG": _consonant("velar", "nasal", True),
    "OW": _vowel("mid", "back", rounded=True, glides_to="back"),
    "OY": _vowel("mid", "back", rounded=True, glides_to="front"),
    "P": _consonant("bilabial", "stop", False),
    "R": _consonant("postalveolar", "liquid", True, rounded=True),
    "S": _consonant("alveolar", "fricative", False),
    "SH": _consonant("postalveolar", "fricative", False),
    "T": _consonant("alveolar", "stop", False),
    "TH": _consonant("dental", "fricative", False),
    "UH": _vowel("near-close", "back", rounded=True),
    "UW": _vowel("close", "back", rounded=True),
    "V": _consonant("labiodental", "fricative", True),
    "W": _consonant("velar", "glide", True, rounded=True),
    "Y": _consonant("palatal", "glide", True),
    "Z": _consonant("alveolar", "fricative", True),
    "ZH": _consonant("postalveolar", "fricative", True),
}

UNCLEAR = "<unk>"
"""A sound that is none of the phones, or that could not be identified."""

PHONES: tuple[str, ...] = tuple(sorted(FEATURES))
"""All phones, without stress, in alphabetical order: the order of every array over phones."""

_SIGNS = (
    "AA ɑ AE æ AH ʌ AO ɔ AW aʊ AY aɪ B b CH tʃ D d DH ð EH ɛ ER ɝ EY eɪ F f G ɡ HH h IH ɪ IY i JH dʒ K k "
    "L l M m N n NG ŋ OW oʊ OY ɔɪ P p R ɹ S s SH ʃ T t TH θ UH ʊ UW u V v W w Y j Z z ZH ʒ"
).split()
IPA: dict[str, str] = dict(zip(_SIGNS[::2], _SIGNS[1::2], strict=True))
_UNSTRESSED_IPA = {"AH0": "ə", "ER0": "ɚ"}


def strip_stress(phone: str) -> str:
    """Return a phone without its stress digit: "AH0" and "AH" both give "AH"."""
    return phone[:-1] if phone and phone[-1] in "012" else phone


def stress_of(phone: str) -> int | None:
    """Return the stress digit of a phone, 0 to 2; None for a phone without one."""
    return int(phone[-1]) if phone and phone[-1] in "012" else None


def is_vowel(phone: str) -> bool:
    """Whether a phone of the set, with or without stress, is a vowel."""
    return FEATURES[strip_stress(phone)].vowel


def to_ipa(phone: str) -> str:
    """Return the IPA sign of a phone; only one marked as unstressed becomes a schwa ("AH0": ə, "AH": ʌ).

    Raises:
        PronunciationError: The symbol is not in the inventory.
    """
    sign = _UNSTRESSED_IPA.get(phone) or IPA.get(strip_stress(phone))
    if sign is None:
        raise PronunciationError(f"'{phone}' is not an ARPAbet phone: use {' '.join(PHONES)}")
    return sign


def parse_phones(symbols: Iterable[str], where: str) -> tuple[str, ...]:
    """Validate phones that a user wrote, in any case; vowels may have a stress digit, which is kept.

    Args:
        symbols: The phones as written, such as ["t", "AH0"].
        where: The beginning of an error message.

    Raises:
        PronunciationError: There are no phones, or some symbols are not in the inventory; all are named.
    """
    phones = tuple(symbol.upper() for symbol in symbols)
    if not phones:
        raise PronunciationError(f"{where}: no phones; give some, as in T AH M EY T OW")
    bad = [phone for phone in phones if not _is_phone(phone)]
    if bad:
        raise PronunciationError(f"{where}: not ARPAbet phones: {', '.join(bad)}; use {' '.join(PHONES)}")
    return phones


def _is_phone(symbol: str) -> bool:
    base = strip_stress(symbol)
    return base in FEATURES and (base == symbol or FEATURES[base].vowel)
