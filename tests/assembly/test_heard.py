"""Assessments from phones heard, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.heard_symbols import loaded_clip, reference, results, said

from enunciate.assembly.diagnosis import diagnose
from enunciate.assembly.heard import assess_heard, phone_quality, phone_results, word_results
from enunciate.assembly.timing import Timing
from enunciate.schema import ASPECTS, MISPRONOUNCED_BELOW, Rates


def test_a_phone_score_follows_the_verdict_and_its_probability() -> None:
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


def test_a_word_score_is_five_times_the_mean_of_its_phones() -> None:
    (word,) = results("K AE S", "K AE T", p=0.9)
    right, wrong = 0.5 + 1.5 * 0.9, 0.5 * 0.1
    assert word.score.value == pytest.approx(5 * (2 * right + wrong) / 3)
    assert word.score.low <= word.score.value <= word.score.high


def test_spans_belong_to_the_phones_in_order_and_to_their_word() -> None:
    words = diagnose(reference("DH AH", "K AE T"), said("DH AH K AE"))
    spans = [(i / 10, i / 10 + 0.1) for i in range(5)]
    found = word_results(words, spans)
    assert [(word.start_s, word.end_s) for word in found] == [(0.0, 0.1 + 0.1), (0.2, 0.5)]
    assert [(p.start_s, p.end_s) for word in found for p in word.phones] == spans


def test_without_an_aligner_there_are_no_times() -> None:
    (word,) = results("K AE T", "K AE T")
    assert word.start_s is None and word.phones[0].end_s is None


def test_without_reference_the_phones_heard_have_no_score() -> None:
    found = phone_results(said("K <unk> T*"), [(0.0, 0.1), (None, None), (0.2, 0.3)])
    assert [phone.phone for phone in found] == ["K", "<unk>", "T*"]
    assert [phone.start_s for phone in found] == [0.0, None, 0.2]
    assert all(phone.score is None and not phone.mispronounced for phone in found)


class FixedAligner:
    """Gives every phone 0.1 s, and says whether the text was read."""

    def __init__(self, mismatched=False):
        self.mismatched = mismatched

    def align_words(self, samples, words, utterance_id):
        return self._timing(sum(map(len, words)), len(words))

    def align_phones(self, samples, phones):
        return self._timing(len(phones), None) if phones else None

    def _timing(self, n_phones, n_words):
        rates = Rates(phones_per_s=10, words_per_s=n_words, articulation_phones_per_s=10)
        spans = tuple((i / 10, (i + 1) / 10) for i in range(n_phones))
        return Timing(spans, (), rates, self.mismatched and n_words is not None)


def assessed(words, heard, aligner=None):
    given = reference(*words) if words is not None else None
    clip = loaded_clip(given)
    return assess_heard(
        clip, "m", dict.fromkeys(ASPECTS), said(heard) if heard is not None else None, aligner
    )


def test_an_assessment_with_reference_lists_the_phones_of_its_words():
    found = assessed(["DH AH", "K AE T"], "DH AH", FixedAligner())
    assert [phone.phone for phone in found.phones] == ["DH", "AH", "K", "AE", "T"]
    assert found.completeness.value == 5 and found.used_reference
    assert found.phones[4].start_s == 0.4 and found.warnings == ()


def test_an_assessment_without_reference_lists_the_phones_heard():
    found = assessed(None, "K <unk> T", FixedAligner())
    assert [(phone.phone, phone.start_s) for phone in found.phones] == [
        ("K", 0.0),
        ("<unk>", None),
        ("T", 0.1),
    ]
    assert found.completeness is None and not found.used_reference
    assert [notice.code for notice in found.warnings] == ["no_reference"]


def test_a_mismatch_of_the_aligner_is_warned_of():
    found = assessed(["K AE T"], "S IH", FixedAligner(mismatched=True))
    assert [notice.code for notice in found.warnings] == ["text_mismatch"]


def test_an_engine_that_heard_nothing_has_neither_words_nor_times():
    found = assessed(["K AE T"], None, FixedAligner())
    assert found.words == () and found.rates is None and not found.used_reference
