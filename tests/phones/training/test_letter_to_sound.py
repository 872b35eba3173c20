"""Training of the letter-to-sound model, on a language of three letters."""

from itertools import product

import pytest

from enunciate.phones import Lexicon
from enunciate.phones.letter_to_sound import LetterToSound
from enunciate.phones.training.letter_to_sound import held_out, measure, train, trainable_words
from enunciate.phones.training.spelling_alignment import align_spellings

SOUNDS = {"b": ("B",), "a": ("AA1",), "x": ("K", "S")}


def test_letters_are_aligned_with_none_one_or_two_phones():
    assert align_spellings([[0, 1], [1, 0], [0, 0, 1]], [[0, 1], [1, 0], [0, 0, 1]], 2, 2) == [
        [(0,), (1,)],
        [(1,), (0,)],
        [(0,), (0,), (1,)],
    ]
    assert align_spellings([[0]], [[0, 0, 0]], 1, 1) == [None]


def test_a_regular_spelling_is_learnt(tmp_path):
    spellings = ["".join(letters) for letters in product("bax", repeat=4) if "a" in letters]
    words = {word: (tuple(phone for letter in word for phone in SOUNDS[letter]),) for word in spellings}
    kept = {word: words.pop(word) for word in ("baxa", "xabb")}
    train(words, tmp_path / "model.npz")
    model = LetterToSound(tmp_path / "model.npz")
    guesses = {word: [guess.phones for guess in model.guess(word, 3)] for word in kept}
    found = measure(guesses, kept)
    assert (found.n_words, found.word, found.phone, found.among) == (2, 0, 0, 1)


def test_the_words_held_out_are_always_the_same_and_have_plain_letters():
    words = trainable_words(Lexicon.default().entries())
    kept = held_out(words)
    assert kept == held_out(dict(reversed(words.items())))
    assert len(set(kept)) == 500 and all(word.isalpha() for word in kept)


@pytest.mark.parametrize(("first", "expected"), [("B AA", (0, 0, 1)), ("AA B", (1, 1, 1))])
def test_errors_are_counted_without_stress(first, expected):
    truth = {"ba": (("B", "AA1"),)}
    found = measure({"ba": [first.split(), ["B", "AA0"]]}, truth)
    assert (found.word, found.phone, found.among) == expected
