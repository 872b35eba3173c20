"""The phones heard against the canonical ones, by hand."""

from hypothesis import given
from hypothesis import strategies as st
from support.heard_symbols import SYMBOLS, phones, reference, results, said

from enunciate.assembly.diagnosis import best_variants, diagnose, heard_symbols
from enunciate.assembly.heard import word_results


def test_a_phone_heard_as_itself_is_correct() -> None:
    found = results("DH AH K AE T", "DH AH", "K AE T")
    assert [word.error for word in found] == ["none", "none"]
    assert all(phone.heard == phone.phone and not phone.mispronounced for w in found for phone in w.phones)
    assert [word.inserted for word in found] == [(), ()]


def test_a_substitution_makes_its_word_alone_mispronounced() -> None:
    found = results("D AH K AE T", "DH AH", "K AE T")
    assert phones(*found)[0] == ("DH", "D", True)
    assert [word.error for word in found] == ["mispronunciation", "none"]


def test_a_missing_phone_is_a_deletion() -> None:
    (word,) = results("K AE", "K AE T")
    assert phones(word) == [("K", "K", False), ("AE", "AE", False), ("T", None, True)]
    assert word.error == "mispronunciation"


def test_a_word_of_which_nothing_was_heard_is_an_omission_with_score_0() -> None:
    found = results("DH AH S AE T", "DH AH", "K IH M", "S AE T")
    assert [word.error for word in found] == ["none", "omission", "none"]
    assert found[1].score.value == 0
    assert [phone.heard for phone in found[1].phones] == [None, None, None]


def test_all_words_are_omitted_where_nothing_was_heard() -> None:
    found = results("", "DH AH", "K AE T")
    assert [word.error for word in found] == ["omission", "omission"]
    assert {phone.heard_probability for word in found for phone in word.phones} == {1.0}


def test_a_phone_beside_a_substitution_joins_it() -> None:
    (after,) = results("B AH R D", "B ER D")
    assert phones(after)[1] == ("ER", "AH R", True)
    assert after.inserted == ()


def test_a_phone_between_correct_ones_is_an_insertion() -> None:
    (word,) = results("K AH L AE S", "K L AE S")
    assert word.inserted == ("AH",)
    assert word.error == "mispronunciation"
    assert not any(phone.mispronounced for phone in word.phones)


def test_an_insertion_between_words_belongs_to_the_word_before_without_an_error() -> None:
    found = results("AH K AE T AH S IH T AH", "K AE T", "S IH T")
    assert [word.inserted for word in found] == [("AH", "AH"), ("AH",)]
    assert [word.error for word in found] == ["none", "none"]


def test_an_unclear_sound_is_a_substitution_that_no_neighbour_joins() -> None:
    (word,) = results("K <unk> AH T", "K AE T")
    assert phones(word)[1] in {("AE", "<unk>", True), ("AE", "AH", True)}
    (alone,) = results("K <unk> T", "K AE T")
    assert phones(alone)[1] == ("AE", "<unk>", True)


def test_mostly_like_a_phone_is_aligned_with_it_and_mispronounced() -> None:
    (word,) = results("K* AE T", "K AE T")
    assert phones(word) == [("K", "K*", True), ("AE", "AE", False), ("T", "T", False)]


def test_the_closest_pronunciation_is_chosen_and_the_usual_one_among_equals() -> None:
    tomato = "T AH M EY T OW|T AH M AA T OW"
    for heard, expected in (("T AH M AA T OW", "T AH M AA T OW"), ("T AH M IY T OW", "T AH M EY T OW")):
        (chosen,) = best_variants(reference(tomato), heard.split())
        assert chosen.phones == tuple(expected.split())
    (word,) = results("T AH M AA T OW", tomato)
    assert word.error == "none"


def test_variants_of_several_words_are_chosen_together() -> None:
    found = results("DH IY AE P AH L AH N D", "DH AH|DH IY", "AE P AH L", "AE N D|AH N D")
    assert [word.error for word in found] == ["none", "none", "none"]


def test_probabilities_belong_to_the_symbols_heard() -> None:
    heard = heard_symbols(["B", "AH", "R", "T"], [0.9, 0.8, 0.7, 0.6])
    (word,) = word_results(diagnose(reference("B ER T S"), heard), None)
    # Of two phones the less sure; of a deletion that of the symbol that came instead, here the last.
    assert [phone.heard_probability for phone in word.phones] == [0.9, 0.7, 0.6, 0.6]
    (first,) = word_results(diagnose(reference("S B ER T"), heard), None)
    assert first.phones[0].heard is None
    assert first.phones[0].heard_probability == 0.9


def test_symbols_without_probabilities_are_certain() -> None:
    assert [h.probability for h in heard_symbols(["K", "AE"], None)] == [1.0, 1.0]


@given(st.lists(SYMBOLS, max_size=10), st.lists(st.lists(SYMBOLS, min_size=1, max_size=4), max_size=4))
def test_every_symbol_heard_and_every_canonical_phone_stands_once(heard, words) -> None:
    canonical = [[symbol.rstrip("*").replace("<unk>", "EH") for symbol in word] for word in words]
    found = diagnose(reference(*map(" ".join, canonical)), said(" ".join(heard)))
    assert [list(word.phones) for word in found] == canonical
    placed = [s for word in found for place in word.phone_diagnoses for s in place.heard]
    inserted = [s for word in found for s in word.inserted]
    if words:
        assert sorted(placed + inserted) == sorted(heard)
    assert all(len(place.heard) <= 2 for word in found for place in word.phone_diagnoses)
