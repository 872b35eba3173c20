"""Words with one spelling and two pronunciations, in sentences that ask for either."""

import pytest

from enunciate.phones import Lexicon, strip_stress
from enunciate.reading import parse_text

LEXICON = Lexicon.default()


def pronunciations(word: str, text: str) -> set[str]:
    """Return the pronunciations of a word in a text, without stress."""
    (found,) = (one for one in parse_text(text, LEXICON) if one.text.lower() == word)
    return {" ".join(map(strip_stress, variant)) for variant in found.variants}


@pytest.mark.parametrize(
    ("word", "first_text", "first", "second_text", "second"),
    [
        ("read", "I read a book every day.", "R IY D", "I read it yesterday.", "R EH D"),
        ("live", "They live in Leeds.", "L IH V", "The show is live.", "L AY V"),
        ("lead", "You lead and I follow.", "L IY D", "Pipes were made of lead.", "L EH D"),
        ("record", "She broke the record.", "R EH K ER D", "Please record your voice.", "R IH K AO R D"),
        ("close", "Close the door!", "K L OW Z", "Sit close to me.", "K L OW S"),
        ("tear", "A tear ran down her cheek.", "T IH R", "Don't tear the page.", "T EH R"),
        ("wind", "The wind is cold.", "W IH N D", "Wind the clock up.", "W AY N D"),
        ("bow", "He shot with a bow.", "B OW", "Actors bow at the end.", "B AW"),
        ("minute", "Wait a minute.", "M IH N AH T", "The dust was minute.", "M AY N UW T"),
        ("present", "A present for you!", "P R EH Z AH N T", "I present the winner.", "P R IY Z EH N T"),
        ("use", "Use a pen.", "Y UW Z", "It's of no use.", "Y UW S"),
        ("object", "It is a round object.", "AA B JH EH K T", "I object to that.", "AH B JH EH K T"),
        ("content", "Read the content page.", "K AA N T EH N T", "He seems content.", "K AH N T EH N T"),
        ("desert", "Camels live in the desert.", "D EH Z ER T", "Don't desert your friends.", "D IH Z ER T"),
    ],
)
def test_a_heteronym_takes_both_pronunciations_wherever_it_stands(
    word, first_text, first, second_text, second
):
    for text in (first_text, second_text):
        assert {first, second} <= pronunciations(word, text)
