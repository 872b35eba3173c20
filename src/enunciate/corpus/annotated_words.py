"""Words made of annotators' pairs: each canonical phone with what was heard in its place.

A corpus with diagnoses but without phone scores gets scores from them: 2 for a phone that was said as
expected, 0 for any other. A sound that was added belongs to the phone before it, or to the first one, and
leaves the score of that phone as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enunciate.corpus.labels import DELETED
from enunciate.phones import PHONES, strip_stress
from enunciate.phones.inventory import UNCLEAR
from enunciate.schema import Mispronunciation, ReferenceWord

CORRECT_SCORE = 2.0
WRONG_SCORE = 0.0


@dataclass(frozen=True)
class Pair:
    """A canonical phone and what was heard; one of them may be None, for an addition or a deletion."""

    canonical: str | None
    heard: str | None
    word: int
    """Index of the word that it belongs to."""
    correct: bool


def reference_words(texts: Sequence[str], pairs: Sequence[Pair]) -> tuple[ReferenceWord, ...]:
    """Return the words that have canonical phones, with their scores and diagnoses.

    Args:
        texts: The words as written.
        pairs: In the order of the speech; phones in ARPAbet, a heard one also `<unk>` or starred.

    Raises:
        ValueError: A canonical phone is not ARPAbet.
    """
    by_word = [(text, [pair for pair in pairs if pair.word == index]) for index, text in enumerate(texts)]
    return tuple(_word(text, own) for text, own in by_word if any(pair.canonical for pair in own))


def _word(text: str, pairs: Sequence[Pair]) -> ReferenceWord:
    phones: list[str] = []
    heard: list[list[str]] = []
    scores: list[float] = []
    before: list[str] = []
    for pair in pairs:
        sounds = [pair.heard] if pair.heard else []
        if pair.canonical is None:
            (heard[-1] if heard else before).extend(sounds)
            continue
        if strip_stress(pair.canonical) not in PHONES:
            raise ValueError(f"word '{text}': '{pair.canonical}' is not an ARPAbet phone")
        phones.append(pair.canonical)
        heard.append(sounds)
        scores.append(CORRECT_SCORE if pair.correct else WRONG_SCORE)
    heard[0][:0] = before
    return ReferenceWord(
        text=text,
        phones=tuple(phones),
        phone_scores=tuple(scores),
        mispronunciations=tuple(
            Mispronunciation(canonical=phone, index=index, pronounced=" ".join(sounds) or DELETED)
            for index, (phone, sounds) in enumerate(zip(phones, heard, strict=True))
            if sounds != [strip_stress(phone)]
        ),
    )


def heard_symbol(label: str, respelt: dict[str, str]) -> str:
    """Return an annotator's label of a sound as ARPAbet without stress, starred or not, or as `<unk>`.

    Args:
        label: Such as "ah0", "K*" or a sound of another language.
        respelt: ARPAbet for labels of the corpus that are none.
    """
    base = label.strip().rstrip("*")
    phone = strip_stress(respelt.get(base, base).upper())
    if phone not in PHONES:
        return UNCLEAR
    return f"{phone}*" if label.strip().endswith("*") else phone
