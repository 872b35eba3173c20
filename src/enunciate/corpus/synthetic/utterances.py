"""Synthetic clips as utterances: the canonical phones by word, and a score for each phone.

A phone that was said as it should be scores 2, and one that was replaced or deleted scores 0. A clip that was
mispronounced on purpose so gives what no recording does: a mispronunciation that is known for certain.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enunciate.audio import SAMPLE_RATE_HZ
from enunciate.corpus.synthetic.clip import SyntheticClip
from enunciate.corpus.synthetic.mispronunciations import SILENCE
from enunciate.errors import TextError
from enunciate.phones import Lexicon, strip_stress
from enunciate.phones.alignment import align
from enunciate.reading import TextWord, parse_text
from enunciate.schema import Clip, ReferenceWord, Utterance

CORRECT, WRONG = 2.0, 0.0
"""Phone scores."""


def utterance_of(clip: SyntheticClip, lexicon: Lexicon) -> Utterance | None:
    """Put the canonical phones of a clip into words and score them; None where the text has unknown words."""
    try:
        words = parse_text(clip.text, lexicon)
    except TextError:
        return None
    if any(pronunciation.guessed for word in words for pronunciation in word.pronunciations):
        return None
    owners = _words_of_phones(words, clip.canonical)
    spoken = [phone for phone, _, _ in clip.segments if phone != SILENCE]
    scores = _scores(clip.canonical, spoken)
    reference: list[ReferenceWord] = []
    for index, word in enumerate(words):
        inside = [k for k, owner in enumerate(owners) if owner == index]
        if inside:
            phones = tuple(clip.canonical[k] for k in inside)
            phone_scores = tuple(scores[k] for k in inside)
            reference.append(ReferenceWord(text=word.text, phones=phones, phone_scores=phone_scores))
    samples = clip.samples.astype(np.float32) / 32768.0
    audio = Clip(samples=samples, sample_rate_hz=SAMPLE_RATE_HZ)
    return Utterance(id=clip.id, audio=audio, text=clip.text, words=tuple(reference), speaker=clip.voice)


def _words_of_phones(words: Sequence[TextWord], canonical: Sequence[str]) -> list[int]:
    """Return the index of the word of each canonical phone, although the synthesiser has its own lexicon."""
    ours = [(strip_stress(phone), index) for index, word in enumerate(words) for phone in word.variants[0]]
    owners: list[int] = []
    position = 0
    for mine, theirs in align([phone for phone, _ in ours], canonical):
        if theirs is not None:
            owners.append(ours[min(position, len(ours) - 1)][1])
        if mine is not None:
            position += 1
    return owners


def _scores(canonical: Sequence[str], spoken: Sequence[str]) -> list[float]:
    return [
        CORRECT if phone == heard else WRONG for phone, heard in align(canonical, spoken) if phone is not None
    ]
