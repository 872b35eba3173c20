"""Synthetic clips as utterances: canonical phones get their words, and wrong phones score 0."""

import numpy as np

from enunciate.corpus.synthetic.clip import SyntheticClip
from enunciate.corpus.synthetic.utterances import utterance_of
from enunciate.phones import Lexicon


def clip(text: str, canonical: str, spoken: str) -> SyntheticClip:
    phones = spoken.split()
    segments = tuple((phone, 0.1 * k, 0.1 * (k + 1)) for k, phone in enumerate(["SIL", *phones]))
    return SyntheticClip(
        id="one",
        engine="flite",
        voice="flite-slt",
        text=text,
        canonical=tuple(canonical.split()),
        spoken=tuple(phones),
        segments=segments,
        samples=np.zeros(1600, dtype=np.int16),
    )


def test_phones_find_their_words_and_a_replaced_phone_scores_nothing():
    utterance = utterance_of(
        clip("we call it bear", "W IY K AO L IH T B EH R", "V IY K AO L IH T B EH R"), Lexicon.default()
    )
    assert utterance is not None
    assert utterance.words is not None
    assert [(word.text.lower(), " ".join(word.phones)) for word in utterance.words] == [
        ("we", "W IY"),
        ("call", "K AO L"),
        ("it", "IH T"),
        ("bear", "B EH R"),
    ]
    assert [word.phone_scores for word in utterance.words] == [(0.0, 2.0), (2.0,) * 3, (2.0,) * 2, (2.0,) * 3]


def test_a_dropped_phone_scores_nothing_and_an_added_one_belongs_to_nobody():
    utterance = utterance_of(clip("red cat", "R EH D K AE T", "R EH D K AE"), Lexicon.default())
    assert utterance is not None
    assert utterance.words is not None
    assert utterance.words[1].phone_scores == (2.0, 2.0, 0.0)
    longer = utterance_of(clip("red cat", "R EH D K AE T", "R EH D AH K AE T AH"), Lexicon.default())
    assert longer is not None
    assert longer.words is not None
    assert all(score == 2.0 for word in longer.words for score in word.phone_scores or ())


def test_a_lexicon_of_the_synthesiser_that_differs_from_ours_keeps_the_word_boundaries():
    utterance = utterance_of(clip("seven cats", "S EH V N K AE T S", "S EH V N K AE T S"), Lexicon.default())
    assert utterance is not None
    assert utterance.words is not None
    assert [word.phones for word in utterance.words] == [("S", "EH", "V", "N"), ("K", "AE", "T", "S")]


def test_a_text_with_unknown_words_is_left_out():
    assert utterance_of(clip("xqzzt cat", "K AE T", "K AE T"), Lexicon.default()) is None
