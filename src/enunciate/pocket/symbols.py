"""The classes of the acoustic model: 0 is CTC's blank or the frame head's silence, then the 39 phones."""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.phones import PHONES, strip_stress

BLANK = 0
SILENCE = 0
N_CLASSES = len(PHONES) + 1
CLASS_OF_PHONE = {phone: index + 1 for index, phone in enumerate(PHONES)}


def classes_of(phones: Sequence[str]) -> list[int]:
    """Return the class indices of ARPAbet phones; stress is ignored."""
    return [CLASS_OF_PHONE[strip_stress(phone)] for phone in phones]


def phone_of(index: int) -> str:
    """Return the phone of a class index from 1."""
    return PHONES[index - 1]
