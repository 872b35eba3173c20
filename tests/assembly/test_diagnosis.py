"""Phones heard against phones that were to be said, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enunciate.assembly.diagnosis import (
    Heard,
    best_variants,
    diagnose,
    free_results,
    heard_symbols,
    phone_quality,
    word_results,
)
from enunciate.phones import Lexicon, parse_text, strip_stress
from enunciate.phones.reference import Reference, read_reference
from enunciate.schema import MISPRONOUNCED_BELOW, ReferenceWord, Utterance

SYMBOLS = st.sampled_from(["K", "AE", "T", "S", "AH", "K*", "<unk>"])


def reference(*words: str) -> Reference:
    """Each word given by its pronunciations, separated by a bar."""
    variants = [tuple(tuple(variant.split()) for variant in word.split("|")) for word in words]
    return Reference(tuple(f"w{index}" for index in range(len(words))), tuple(variants))


def said(symbols: str, p: float = 0.9) -> tuple[Heard, ...]:
    return heard_symbols(symbols.split(), [p] * len(symbols.split()))


def results(heard: str, *words: str, p: float = 0.9):
    return word_results(diagnose(reference(*words), said(heard, p)), None)


def phones(*found):
    return [(phone.phone, phone.heard, phone.mispronounced) for word in found for phone in word.phones]


def test_what_was_said_right_is_heard_as_itself() -> None:
    found = results("DH AH K AE T", "DH AH", "K AE T")
    assert [word.error for word in found] == ["none", "none"]
    assert all(phone.heard == phone.phone and not phone.mispronounced for w in found for phone in w.phones)
    assert [word.inserted for word in found] == [(), ()]


def test_another_phone_is_a_mispronunciation_of_its_word_alone() -> None:
    found = results("D AH K AE T", "DH AH", "K AE T")
    assert phones(*found)[0] == ("DH", "D", True)
    assert [word.error for word in found] == ["mispronunciation", "none"]


def test_a_phone_that_is_missing_is_a_deletion() -> None:
    (word,) = results("K AE", "K AE T")
    assert phones(word) == [("K", "K", False), ("AE", "AE", False), ("T", None, True)]
    assert word.error == "mispronunciation"


def test_a_word_of_which_nothing_was_heard_is_an_omission_with_no_score() -> None:
    found = results("DH AH S AE T", "DH AH", "K IH M", "S AE T")
    assert [word.error for word in found] == ["none", "omission", "none"]
    assert found[1].score.value == 0
    assert [phone.heard for phone in found[1].phones] == [None, None, None]


def test_where_nothing_at_all_was_heard_all_words_are_omitted() -> None:
    found = results("", "DH AH", "K AE T")
    assert [word.error for word in found] == ["omission", "omission"]
    assert {phone.heard_probability for word in found for phone in word.phones} == {1.0}


def test_a_second_phone_in_the_place_of_one_joins_it() -> None:
    (after,) = results("B AH R D", "B ER D")
    assert phones(after)[1] == ("ER", "AH R", True)
    assert after.inserted == ()


def test_a_phone_between_right_ones_is_inserted_and_flags_no_phone() -> None:
    (word,) = results("K AH L AE S", "K L AE S")
    assert word.inserted == ("AH",)
    assert word.error == "mispronunciation"
    assert not any(phone.mispronounced for phone in word.phones)


def test_what_is_heard_between_words_stays_with_the_word_before_and_is_no_error_of_it() -> None:
    found = results("AH K AE T AH S IH T AH", "K AE T", "S IH T")
    assert [word.inserted for word in found] == [("AH", "AH"), ("AH",)]
    assert [word.error for word in found] == ["none", "none"]


def test_an_unclear_sound_is_wrong_and_takes_no_neighbour() -> None:
    (word,) = results("K <unk> AH T", "K AE T")
    assert phones(word)[1] in {("AE", "<unk>", True), ("AE", "AH", True)}
    (alone,) = results("K <unk> T", "K AE T")
    assert phones(alone)[1] == ("AE", "<unk>", True)


def test_mostly_like_a_phone_is_laid_along_it_and_counts_as_wrong() -> None:
    (word,) = results("K* AE T", "K AE T")
    assert phones(word) == [("K", "K*", True), ("AE", "AE", False), ("T", "T", False)]


def test_the_pronunciation_that_fits_best_is_taken_and_the_usual_one_among_equals() -> None:
    tomato = "T AH M EY T OW|T AH M AA T OW"
    assert best_variants(reference(tomato), "T AH M AA T OW".split()) == [tuple("T AH M AA T OW".split())]
    assert best_variants(reference(tomato), "T AH M IY T OW".split()) == [tuple("T AH M EY T OW".split())]
    (word,) = results("T AH M AA T OW", tomato)
    assert word.error == "none"


def test_variants_of_several_words_are_chosen_together() -> None:
    found = results("DH IY AE P AH L AH N D", "DH AH|DH IY", "AE P AH L", "AE N D|AH N D")
    assert [word.error for word in found] == ["none", "none", "none"]


def test_scores_follow_the_verdict_and_its_probability() -> None:
    assert phone_quality(False, 1.0).value == 2.0
    assert phone_quality(False, 0.6).value == pytest.approx(1.4)
    assert phone_quality(True, 1.0).value == 0.0
    assert phone_quality(True, 0.6).value == pytest.approx(0.2)
    # Sure: the verdict's own side. Unsure: the whole scale.
    assert (phone_quality(False, 0.97).low, phone_quality(False, 0.6).low) == (0.5, 0.0)
    assert (phone_quality(True, 0.97).high, phone_quality(True, 0.6).high) == (0.5, 2.0)


@given(st.booleans(), st.floats(0.001, 1))
def test_a_score_under_a_half_and_a_mispronunciation_are_the_same(wrong: bool, p: float) -> None:
    quality = phone_quality(wrong, p)
    assert (quality.value < MISPRONOUNCED_BELOW) == wrong
    assert quality.low <= quality.value <= quality.high


def test_probabilities_are_those_of_what_was_heard() -> None:
    heard = heard_symbols(["B", "AH", "R", "T"], [0.9, 0.8, 0.7, 0.6])
    (word,) = word_results(diagnose(reference("B ER T S"), heard), None)
    # Of two phones the less sure; of a deletion that of the symbol that came instead, here the last.
    assert [phone.heard_probability for phone in word.phones] == [0.9, 0.7, 0.6, 0.6]
    (first,) = word_results(diagnose(reference("S B ER T"), heard), None)
    assert first.phones[0].heard is None
    assert first.phones[0].heard_probability == 0.9


def test_without_probabilities_the_model_is_taken_at_its_word() -> None:
    assert [h.probability for h in heard_symbols(["K", "AE"], None)] == [1.0, 1.0]


def test_a_word_score_is_that_of_its_phones_times_five() -> None:
    (word,) = results("K AE S", "K AE T", p=0.9)
    right, wrong = 0.5 + 1.5 * 0.9, 0.5 * 0.1
    assert word.score.value == pytest.approx(5 * (2 * right + wrong) / 3)
    assert word.score.low <= word.score.value <= word.score.high


def test_times_go_to_the_phones_in_order_and_to_their_word() -> None:
    words = diagnose(reference("DH AH", "K AE T"), said("DH AH K AE"))
    spans = [(i / 10, i / 10 + 0.1) for i in range(5)]
    found = word_results(words, spans)
    assert [(word.start_s, word.end_s) for word in found] == [(0.0, 0.1 + 0.1), (0.2, 0.5)]
    assert [(p.start_s, p.end_s) for word in found for p in word.phones] == spans


def test_without_times_there_are_none() -> None:
    (word,) = results("K AE T", "K AE T")
    assert word.start_s is None and word.phones[0].end_s is None


def test_without_reference_the_phones_heard_have_no_score() -> None:
    found = free_results(said("K <unk> T*"), [(0.0, 0.1), (None, None), (0.2, 0.3)])
    assert [phone.phone for phone in found] == ["K", "<unk>", "T*"]
    assert [phone.start_s for phone in found] == [0.0, None, 0.2]
    assert all(phone.score is None and not phone.mispronounced for phone in found)


@given(st.lists(SYMBOLS, max_size=10), st.lists(st.lists(SYMBOLS, min_size=1, max_size=4), max_size=4))
def test_every_symbol_heard_is_somewhere_and_every_canonical_phone_once(heard, words) -> None:
    canonical = [[symbol.rstrip("*").replace("<unk>", "EH") for symbol in word] for word in words]
    found = diagnose(reference(*map(" ".join, canonical)), said(" ".join(heard)))
    assert [list(word.phones) for word in found] == canonical
    placed = [s for word in found for place in word.places for s in place.heard]
    inserted = [s for word in found for s in word.inserted]
    if words:
        assert sorted(placed + inserted) == sorted(heard)
    assert all(len(place.heard) <= 2 for word in found for place in word.places)


def test_a_text_is_looked_up_as_parse_text_does_it_without_stress_and_without_repeats() -> None:
    lexicon = Lexicon.default()
    found = read_reference(Utterance(id="a", audio=b"", text="The tomato"), lexicon)
    assert found is not None
    assert found.words == ("The", "tomato")
    for word, variants in zip(parse_text("The tomato", lexicon), found.variants, strict=True):
        assert set(variants) == {tuple(map(strip_stress, variant)) for variant in word.variants}
        assert len(set(variants)) == len(variants)


def test_given_words_take_the_place_of_the_text() -> None:
    word = ReferenceWord(text="CAT", phones=("K", "AE1", "T"))
    found = read_reference(Utterance(id="a", audio=b"", text="dog", words=(word,)), Lexicon.default())
    assert found == Reference(("CAT",), ((("K", "AE", "T"),),))
    assert read_reference(Utterance(id="a", audio=b""), Lexicon.default()) is None
