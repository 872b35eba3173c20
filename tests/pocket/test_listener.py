"""Which reading of a token is chosen: the one that was said."""

import numpy as np
import pytest

from enunciate.phones import Lexicon
from enunciate.pocket.listener import variant_classes
from enunciate.pocket.symbols import N_CLASSES, SILENCE, classes_of
from enunciate.pocket.text_alignment import align_text
from enunciate.reading import parse_text
from enunciate.reading.reference import read_reference
from enunciate.schema import Utterance

LEXICON = Lexicon.default()


def frames_of(words: str, pause: int):
    """Log-probabilities (T, 40) of words in their usual pronunciations, with pauses of so many frames."""
    labels = []
    for word in parse_text(words, LEXICON):
        labels += [label for label in classes_of(word.variants[0]) for _ in range(5)] + [SILENCE] * pause
    rows = np.full((len(labels), N_CLASSES), 0.05 / (N_CLASSES - 1))
    rows[np.arange(len(labels)), labels] = 0.95
    return np.log(rows).astype(np.float32)


@pytest.mark.parametrize("pause", [0, 20])
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("$3.50", "three dollars and fifty cents"),
        ("$3.50", "three fifty"),
        ("10:30", "half past ten"),
        ("12/05/2024", "the twelfth of may twenty twenty four"),
        ("12/05/2024", "december fifth twenty twenty four"),
        ("555-0199", "five five five oh one nine nine"),
        ("XIV", "fourteen"),
    ],
)
def test_the_reading_that_was_said_is_chosen(typed, said, pause):
    reference = read_reference(Utterance(id="a", audio=b"", text=typed), LEXICON)
    assert reference is not None
    frames = frames_of(said, pause)
    found = align_text(frames, frames, variant_classes(reference), "a")

    chosen = [word[k].read_as for word, k in zip(reference.pronunciations, found.variants, strict=True)]
    assert " ".join(map(str, chosen)) == said
    assert found.omitted == found.extra == ()
