"""The labels of Speechocean762 as sequences to learn and to compare with: heard phones and whole scores.

Annotators wrote down a mispronounced phone as another phone, as `<unk>` (unclear), as `<DEL>` (deleted), as
two phones ("IH R"), or as a phone with a star: `K*` is a sound that is mostly like K, as speakers of another
first language produce it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

from enunciate.errors import CorpusError
from enunciate.phones import PHONES, strip_stress
from enunciate.phones.inventory import UNCLEAR
from enunciate.schema import ASPECTS, MISPRONOUNCED_BELOW, Aspect, ReferenceWord, Utterance

STARRED_PHONES = tuple(f"{phone}*" for phone in PHONES)
"""`K*` and its like; see the module."""
HEARD_SYMBOLS = (*PHONES, UNCLEAR, *STARRED_PHONES)
"""Every symbol that a sequence of heard phones may contain."""
DELETED = "<DEL>"
"""What annotators write where a phone was left out."""

Starred = Literal["keep", "drop"]
"""Whether `K*` is a symbol of its own or plain `K`."""


def has_phone_labels(utterance: Utterance) -> bool:
    """Whether people judged the phones of every word, so that `heard_phones` says what they heard."""
    return bool(utterance.words) and all(
        word.phone_scores is not None or word.mispronunciations is not None for word in utterance.words or ()
    )


def heard_phones(utterance: Utterance, starred: Starred = "keep") -> tuple[str, ...]:
    """Return the phones that people heard, without stress: the canonical phone wherever they heard no error.

    An annotated mispronunciation replaces its canonical phone whatever the score. A phone scored below
    `MISPRONOUNCED_BELOW` without a diagnosis becomes `<unk>`: another sound was realised, and nobody wrote
    down which. So does an annotation that is not ARPAbet.

    Args:
        utterance: With canonical phones; without words the result is empty.
        starred: What becomes of `K*`.

    Raises:
        CorpusError: a score or a mispronunciation has no phone that it belongs to.
    """
    words = utterance.words or ()
    return tuple(symbol for word in words for symbol in _heard_in_word(utterance.id, word, starred))


def whole_scores(utterance: Utterance) -> dict[Aspect, int] | None:
    """The four utterance scores, rounded half up to integers from 0 to 10; None unless all are labelled."""
    given = utterance.scores
    values: dict[Aspect, float | None] = {aspect: getattr(given, aspect, None) for aspect in ASPECTS}
    rounded: dict[Aspect, int] = {
        aspect: math.floor(value + 0.5) for aspect, value in values.items() if value is not None
    }
    return rounded if len(rounded) == len(ASPECTS) else None


def _heard_in_word(utterance_id: str, word: ReferenceWord, starred: Starred) -> Iterator[str]:
    scores: Sequence[float | None] = word.phone_scores or [None] * len(word.phones)
    if len(scores) != len(word.phones):
        raise CorpusError(
            f"utterance {utterance_id}, word {word.text}: {len(scores)} phone scores for "
            f"{len(word.phones)} phones; fix the corpus"
        )
    diagnoses = _diagnoses(utterance_id, word, starred)
    for index, (phone, score) in enumerate(zip(word.phones, scores, strict=True)):
        if index in diagnoses:
            yield from diagnoses[index]
        elif score is not None and score < MISPRONOUNCED_BELOW:
            yield UNCLEAR
        else:
            yield _symbol(phone, starred)


def _diagnoses(utterance_id: str, word: ReferenceWord, starred: Starred) -> dict[int, tuple[str, ...]]:
    """The symbols that replace a canonical phone, by its index in the word."""
    replaced: dict[int, tuple[str, ...]] = {}
    for item in word.mispronunciations or ():
        if not 0 <= item.index < len(word.phones):
            raise CorpusError(
                f"utterance {utterance_id}, word {word.text}: a mispronunciation of phone {item.index}, "
                f"'{item.canonical}', but the phones are {' '.join(word.phones)} (counted from 0); fix the "
                "corpus"
            )
        replaced[item.index] = _annotated(item.pronounced, starred)
    return replaced


def _annotated(label: str, starred: Starred) -> tuple[str, ...]:
    if label.strip().upper() == DELETED:
        return ()
    return tuple(_symbol(token, starred) for token in label.split()) or (UNCLEAR,)


def _symbol(token: str, starred: Starred) -> str:
    """Turn `AH0` into `AH`, `K*` into `K*` or `K`, and anything that is not ARPAbet into `<unk>`."""
    base = strip_stress(token.strip("*").upper())
    if base not in PHONES:
        return UNCLEAR
    return f"{base}*" if starred == "keep" and token.endswith("*") else base
