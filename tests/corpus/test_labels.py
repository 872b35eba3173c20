"""Labels: what people heard, as a sequence of symbols, and what is refused as a broken corpus."""

import pytest

from enunciate.corpus.labels import HEARD_SYMBOLS, heard_phones
from enunciate.errors import CorpusError
from enunciate.phones import PHONES
from enunciate.schema import Mispronunciation, ReferenceWord, Utterance

BEAR = ("B", "EH1", "R")


def said(pronounced: str, index: int = 1, canonical: str = "EH") -> Mispronunciation:
    return Mispronunciation(canonical=canonical, index=index, pronounced=pronounced)


def bear(scores=(2.0, 0.0, 2.0), *mispronunciations: Mispronunciation) -> Utterance:
    """As in the full corpus where mispronunciations are given; without any, as in a copy that lacks them."""
    word = ReferenceWord(
        text="BEAR", phones=BEAR, phone_scores=scores, mispronunciations=mispronunciations or None
    )
    return Utterance(id="u1", audio=b"", text="BEAR", words=(word,))


def test_phones_without_error_are_heard_as_they_should_be_and_without_stress():
    assert heard_phones(bear((2.0, 0.5, 1.8))) == ("B", "EH", "R")


def test_a_low_phone_without_a_diagnosis_is_unclear():
    assert heard_phones(bear((2.0, 0.4, 2.0))) == ("B", "<unk>", "R")


@pytest.mark.parametrize(
    ("label", "heard"),
    [
        ("AE", ("AE",)),
        ("AE1", ("AE",)),
        ("ae", ("AE",)),
        ("<unk>", ("<unk>",)),
        ("<DEL>", ()),
        ("<del>", ()),
        ("IH R", ("IH", "R")),
        ("EH*", ("EH*",)),
        ("IH* R", ("IH*", "R")),
        ("ʈ", ("<unk>",)),
        ("", ("<unk>",)),
    ],
)
def test_a_diagnosis_takes_the_place_of_its_phone(label, heard):
    assert heard_phones(bear((2.0, 0.0, 2.0), said(label))) == ("B", *heard, "R")


def test_a_diagnosis_holds_whatever_the_score():
    assert heard_phones(bear((2.0, 2.0, 2.0), said("AE"))) == ("B", "AE", "R")


def test_a_low_phone_beside_a_diagnosed_one_is_unclear():
    assert heard_phones(bear((0.0, 0.0, 2.0), said("AE"))) == ("<unk>", "AE", "R")


def test_stars_are_dropped_on_demand():
    assert heard_phones(bear((2.0, 0.0, 2.0), said("EH* R*")), starred="drop") == ("B", "EH", "R", "R")


@pytest.mark.parametrize("index", [-1, 3])
def test_a_diagnosis_without_a_phone_is_an_error_of_the_corpus(index):
    with pytest.raises(CorpusError, match=rf"utterance u1, word BEAR: .* phone {index}, 'EH'.* B EH1 R"):
        heard_phones(bear((2.0, 0.0, 2.0), said("AE", index)))


def test_scores_that_do_not_fit_the_phones_are_an_error_of_the_corpus():
    with pytest.raises(CorpusError, match="utterance u1, word BEAR: 2 phone scores for 3 phones"):
        heard_phones(bear((2.0, 0.0)))


def test_there_are_39_phones_one_unclear_sound_and_starred_phones():
    assert len(HEARD_SYMBOLS) == len(set(HEARD_SYMBOLS)) == 39 + 1 + 39
    assert HEARD_SYMBOLS[:39] == PHONES
