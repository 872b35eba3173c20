"""The canonical phones of an utterance, from its words or its text."""

from enunciate.phones import Lexicon, strip_stress
from enunciate.phones.pronunciation import Pronunciation
from enunciate.reading import parse_text
from enunciate.reading.reference import Reference, read_reference
from enunciate.schema import ReferenceWord, Utterance


def test_a_text_is_looked_up_without_stress_and_without_repeats() -> None:
    lexicon = Lexicon.default()
    found = read_reference(Utterance(id="a", audio=b"", text="The tomato"), lexicon)
    assert found is not None
    assert found.words == ("The", "tomato")
    for word, variants in zip(parse_text("The tomato", lexicon), found.variants, strict=True):
        assert set(variants) >= {tuple(map(strip_stress, variant)) for variant in word.variants}
        assert len(set(variants)) == len(variants)


def test_given_words_take_the_place_of_the_text() -> None:
    word = ReferenceWord(text="CAT", phones=("K", "AE1", "T"))
    found = read_reference(Utterance(id="a", audio=b"", text="dog", words=(word,)), Lexicon.default())
    assert found == Reference(
        words=("CAT",),
        pronunciations=((Pronunciation(("K", "AE1", "T"), "given"),),),
        ends_phrase=(False,),
    )
    assert read_reference(Utterance(id="a", audio=b""), Lexicon.default()) is None


def test_the_stress_of_the_lexicon_is_kept_beside_the_phones():
    reference = read_reference(Utterance(id="a", audio=b"", text="about"), Lexicon.default())
    assert reference is not None
    assert reference.variants[0][0] == ("AH", "B", "AW", "T")
    assert reference.pronunciations[0][0].phones == ("AH0", "B", "AW1", "T")


def test_a_phrase_ends_at_a_punctuation_mark_and_nowhere_else():
    text = 'Well, "it is 5:30 now"; go home. Mr. Brown-Smith waits at 5 p.m.'
    reference = read_reference(Utterance(id="a", audio=b"", text=text), Lexicon.default())
    assert reference is not None
    ends = [word for word, end in zip(reference.words, reference.ends_phrase, strict=True) if end]
    assert ends == ["Well", "now", "home", "p.m."]


def test_spoken_words_are_those_of_the_usual_reading():
    reference = read_reference(Utterance(id="a", audio=b"", text="Pay $2, Dr. Lee!"), Lexicon.default())
    assert reference is not None
    assert reference.spoken_words == ("Pay", "two dollars", "doctor", "Lee")
