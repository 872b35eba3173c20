"""Variants of connected speech: which words have them, and where."""

import pytest

from enunciate.phones import Lexicon
from enunciate.phones.variants import MOST
from enunciate.reading.reference import read_reference
from enunciate.schema import ReferenceWord, Utterance

LEXICON = Lexicon.default()


def kinds_of(text: str, word: int) -> dict[str, str]:
    """The pronunciations of one word of a text, with their kinds."""
    reference = read_reference(Utterance(id="a", audio=b"", text=text), LEXICON)
    assert reference is not None
    return {" ".join(item.bare): item.kind for item in reference.pronunciations[word]}


@pytest.mark.parametrize(
    ("text", "word", "expected", "kind"),
    [
        ("we gave her tea", 2, "ER", "h_dropping"),
        ("they have gone", 1, "AH V", "h_dropping"),
        ("walking home", 0, "W AO K IH N", "g_dropping"),
        ("something new", 0, "S AH M TH IH N", "g_dropping"),
        ("bread and butter", 1, "AH N", "weak_form"),
        ("a cup of tea", 2, "AH", "weak_form"),
        ("I want to go", 2, "T AH", "citation"),
        ("water", 0, "W AO D ER", "flapping"),
        ("get it", 0, "G EH D", "flapping"),
        ("party", 0, "P AA R D IY", "flapping"),
        ("twenty", 0, "T W EH N IY", "citation"),
        ("best night", 0, "B EH S", "stop_deletion"),
        ("old man", 0, "OW L", "stop_deletion"),
        ("just now", 0, "JH AH S", "stop_deletion"),
        ("that man", 0, "DH AE", "stop_deletion"),
        ("exactly", 0, "IH G Z AE K L IY", "stop_deletion"),
        ("good day", 0, "G UH", "linking"),
        ("did you", 0, "D IH JH", "linking"),
        ("different", 0, "D IH F R AH N T", "citation"),
        ("family", 0, "F AE M L IY", "citation"),
        ("battery", 0, "B AE T R IY", "schwa_deletion"),
        ("sudden", 0, "S AH D N", "syllabic_consonant"),
        ("thought", 0, "TH AA T", "vowel_variation"),
        ("come here", 1, "HH IH R", "vowel_variation"),
        ("this year", 1, "Y IY R", "vowel_variation"),
        ("so poor", 1, "P AO R", "vowel_variation"),
        ("I expect", 1, "EH K S P EH K T", "vowel_variation"),
        ("far from it", 1, "F R AA M", "weak_form"),
        ("to all", 0, "T UH", "weak_form"),
        ("40 men", 0, "F AO R D IY", "reading"),
        ("at 8:00 now", 1, "EY D AH K L AA K", "reading"),
        ("the 1st man", 1, "F ER S", "reading"),
    ],
)
def test_accepted_forms(text, word, expected, kind):
    assert kinds_of(text, word).get(expected) == kind


@pytest.mark.parametrize(
    ("text", "word", "refused"),
    [
        ("He went home", 0, "IY"),
        ("well, he went", 1, "IY"),
        ("the house", 1, "AW S"),
        ("the bed", 1, "B EH"),
        ("best. Night fell", 0, "B EH S"),
        ("best apple", 0, "B EH S"),
        ("bad man", 0, "B AE"),
        ("passed them", 0, "P AE S"),
        ("a cat", 1, "K AE"),
        ("attack", 0, "AH D AE K"),
        ("my tea", 1, "D IY"),
        ("the king came", 1, "K IH N"),
        ("bring it", 0, "B R IH N"),
        ("a long song", 1, "L AO N"),
        ("he is", 0, "HH IH R"),
        ("green", 0, "G R IH N"),
        ("please", 0, "P L IH Z"),
        ("very", 0, "V AE R IY"),
    ],
)
def test_learners_errors_are_no_variants(text, word, refused):
    assert refused not in kinds_of(text, word)


def test_the_usual_pronunciation_comes_first_and_there_are_few():
    text = "he has had a different interesting opportunity to get some particularly comfortable things"
    reference = read_reference(Utterance(id="a", audio=b"", text=text), LEXICON)
    assert reference is not None
    for word, pronunciations in zip(reference.words, reference.pronunciations, strict=True):
        assert pronunciations[0].phones == LEXICON.lookup(word)[0]
        assert len(pronunciations) <= MOST
        assert len({item.bare for item in pronunciations}) == len(pronunciations)


def test_given_phones_have_no_variants(tmp_path):
    words = (
        ReferenceWord(text="gave", phones=("G", "EY", "V")),
        ReferenceWord(text="him", phones=("HH", "IH", "M")),
    )
    given = read_reference(Utterance(id="a", audio=b"", words=words), LEXICON)
    assert given is not None and [len(ways) for ways in given.pronunciations] == [1, 1]
    assert kinds_of("gave him{HH IH M}", 1) == {"HH IH M": "given"}
    (tmp_path / "own.txt").write_text("him HH IH M\n")
    own = LEXICON.with_file(tmp_path / "own.txt")
    reference = read_reference(Utterance(id="a", audio=b"", text="gave him"), own)
    assert reference is not None and [item.kind for item in reference.pronunciations[1]] == ["given"]
