"""Which passages of a text were not read, by the phones heard."""

import numpy as np
import pytest

from enunciate.pocket.passages import FEWEST_WORDS, PassageSearch
from enunciate.pocket.symbols import N_CLASSES

RNG = np.random.default_rng(0)


def words(n):
    """Return words of two to six phones each."""
    return [RNG.integers(1, N_CLASSES, RNG.integers(2, 7)).tolist() for _ in range(n)]


def frames(text, *, wrong=0.0, missing=0.0):
    """Return CTC scores (F, 40) of words in which a share of the phones is another, or is missing."""
    labels = [label for word in text for label in word if RNG.random() >= missing]
    labels = [int(RNG.integers(1, N_CLASSES)) if RNG.random() < wrong else label for label in labels]
    return np.eye(N_CLASSES, dtype=np.float32)[[part for label in labels for part in (0, label, label)]]


def unread(text, *heard, at_end=True):
    search = PassageSearch(text)
    for part in heard:
        search.feed(part)
    return search.unread(at_end=at_end)


READ, MORE, OTHER = words(40), words(40), words(300)


def test_a_text_that_was_read_has_no_unread_passage():
    assert unread(READ + MORE, frames(READ + MORE)) == ()


def test_a_text_that_was_read_badly_has_no_unread_passage():
    assert unread(READ + MORE, frames(READ + MORE, wrong=0.3, missing=0.15)) == ()


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        (READ + MORE + OTHER, ((80, 380),)),
        (OTHER + READ + MORE, ((0, 300),)),
        (READ + OTHER + MORE, ((40, 340),)),
        (OTHER + READ + OTHER + MORE + OTHER, ((0, 300), (340, 640), (680, 980))),
    ],
    ids=["end", "beginning", "middle", "everywhere"],
)
def test_what_was_not_read_is_found(text, passages):
    assert unread(text, frames(READ + MORE)) == passages


def test_what_was_not_read_is_found_around_a_bad_reading():
    ((first, last),) = unread(READ + OTHER + MORE, frames(READ + MORE, wrong=0.3, missing=0.1))

    assert abs(first - 40) <= 2 and abs(last - 340) <= 2


def test_a_few_words_are_no_passage():
    assert unread(READ + OTHER[: FEWEST_WORDS - 1] + MORE, frames(READ + MORE)) == ()
    assert unread(READ + OTHER[:FEWEST_WORDS] + MORE, frames(READ + MORE)) == ((40, 40 + FEWEST_WORDS),)


def test_nothing_is_left_out_of_a_text_that_was_not_read():
    assert unread(words(1000), frames(READ + MORE)) == ()


def test_the_rest_of_a_text_may_yet_be_read():
    assert unread(OTHER + READ + MORE, frames(READ), at_end=False) == ((0, 300),)


def test_frames_can_come_in_pieces_of_any_length():
    heard = frames(READ + MORE)
    pieces = np.array_split(heard, 37)

    assert unread(READ + OTHER + MORE, *pieces) == unread(READ + OTHER + MORE, heard) == ((40, 340),)
