"""Synthetic clips as if a learner had read a text: canonical phones by word, and a score for each.

A synthesiser that was told to say a wrong phone gives what no recording here has: a mispronunciation that is
known for certain. Phones that were said as they should be score 2, those replaced or left out score 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enunciate.corpus.synthetic.shard import SyntheticClip
from enunciate.errors import TextError
from enunciate.phones import Lexicon, TextWord, parse_text, strip_stress
from enunciate.phones.alignment import align
from enunciate.schema import Clip, ReferenceWord, Utterance

RIGHT, WRONG = 2.0, 0.0
SAMPLE_RATE_HZ = 16_000


def as_reading(clip: SyntheticClip, lexicon: Lexicon) -> Utterance | None:
    """A clip with its canonical phones put into words and scored; None where the text has unknown words."""
    try:
        words = parse_text(clip.text, lexicon)
    except TextError:
        return None
    owner = _words_of_phones(words, clip.canonical)
    spoken = [phone for phone, _, _ in clip.segments if phone != "SIL"]
    scores = _scores(clip.canonical, spoken)
    found: list[ReferenceWord] = []
    for index, word in enumerate(words):
        inside = [k for k, own in enumerate(owner) if own == index]
        if inside:
            phones, given = tuple(clip.canonical[k] for k in inside), tuple(scores[k] for k in inside)
            found.append(ReferenceWord(text=word.text, phones=phones, phone_scores=given))
    samples = clip.samples.astype(np.float32) / 32768.0
    audio = Clip(samples=samples, sample_rate_hz=SAMPLE_RATE_HZ)
    return Utterance(id=clip.id, audio=audio, text=clip.text, words=tuple(found), speaker=clip.voice)


def _words_of_phones(words: Sequence[TextWord], canonical: Sequence[str]) -> list[int]:
    """For each canonical phone (of the synthesiser's lexicon) the word that it belongs to in ours."""
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
        RIGHT if phone == heard else WRONG for phone, heard in align(canonical, spoken) if phone is not None
    ]
