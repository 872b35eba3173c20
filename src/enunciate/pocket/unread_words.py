"""The results of words in passages that were not read: omissions without times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from enunciate.assembly.heard import MAX_PHONE_SCORE
from enunciate.assembly.words import build_word
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.listener import AlignedClip
from enunciate.schema import PhoneQuality, PhoneResult, WordResult


def unread_words(clip: AlignedClip, words: Iterable[int], calibration: Calibration) -> Iterator[WordResult]:
    """Yield the results of words that were not read.

    Args:
        clip: The clip, aligned with its reference text.
        words: Their indices in the text.
        calibration: The intervals of the scores.
    """
    assert clip.reference is not None
    low, high = calibration.phone.at(0.0, MAX_PHONE_SCORE)
    for index in words:
        pronunciation = clip.chosen[index]
        phones = [
            PhoneResult(
                phone=phone,
                start_s=None,
                end_s=None,
                heard=None,
                heard_probability=1.0,
                score=PhoneQuality(value=0.0, low=low, high=high),
                mispronounced=True,
            )
            for phone in pronunciation.bare
        ]
        yield build_word(
            clip.reference.words[index],
            phones,
            omitted=True,
            interval=calibration.word.at,
            pronunciation=pronunciation,
            span=clip.reference.span(index),
        )
