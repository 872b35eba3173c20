"""The short form of an answer becomes an assessment."""

import pytest
from pydantic import ValidationError
from support.evaluation_cases import make_utterance

from enunciate.evaluation.outside.answer import Answer

UTTERANCE = make_utterance("u1", phones="K AE1 T")


def phones(*parts):
    return [{"phone": phone, **said} for phone, said in zip(("K", "AE1", "T"), parts, strict=True)]


def assessed(**fields):
    return Answer.model_validate({"id": "u1", **fields}).assessment(UTTERANCE)


def test_an_aspect_that_is_not_told_has_no_score():
    assessment = assessed(total=7.5, completeness=10)
    assert (assessment.total.value, assessment.completeness.value) == (7.5, 10)
    assert (assessment.accuracy, assessment.fluency, assessment.words) == (None, None, ())


def test_an_interval_that_is_not_told_is_the_whole_scale():
    assessment = assessed(total=7.5, phones=phones({"score": 2}, {"score": 1}, {"score": 0}))
    assert (assessment.total.low, assessment.total.high) == (0, 10)
    assert {(phone.score.low, phone.score.high) for phone in assessment.phones} == {(0, 2)}
    assert (assessment.words[0].score.low, assessment.words[0].score.high) == (0, 10)


def test_a_low_score_another_sound_or_a_word_of_its_own_flags_a_phone():
    low = assessed(phones=phones({"score": 0.4}, {"score": 0.5}, {"score": 2}))
    assert [phone.mispronounced for phone in low.phones] == [True, False, False]
    assert [phone.heard for phone in low.phones] == ["<unk>", "AE", "T"]
    heard = assessed(phones=phones({"heard": "G"}, {"heard": "AE"}, {"heard": "<DEL>"}))
    assert [phone.mispronounced for phone in heard.phones] == [True, False, True]
    assert [phone.heard for phone in heard.phones] == ["G", "AE", None]
    told = assessed(phones=phones({"score": 0.1, "mispronounced": False}, {"score": 2}, {"score": 2}))
    assert not any(phone.mispronounced for phone in told.phones)


def test_a_word_has_the_score_given_or_that_of_its_phones():
    scores = phones({"score": 2}, {"score": 1}, {"score": 0})
    assert assessed(phones=scores).words[0].score.value == pytest.approx(5)
    assert assessed(phones=scores, words=[8]).words[0].score.value == 8
    flagged = phones({"heard": "G"}, {"heard": "AE"}, {"heard": "D"})
    assert assessed(phones=flagged).words[0].score.value == pytest.approx(10 / 3)


def test_an_error_is_no_assessment():
    assert assessed(error="too short") is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"phones": [{"phone": "K", "score": 1}]}, "the phones are 'K', but those of the clip are 'K AE T'"),
        ({"words": [5]}, "'words' needs 'phones'"),
        ({"phones": phones({"score": 1}, {"score": 1}, {"score": 1}), "words": [5, 5]}, "2 scores of words"),
    ],
)
def test_an_answer_that_does_not_fit_its_clip_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        assessed(**fields)


@pytest.mark.parametrize(
    "fields", [{"total": 11}, {"total": float("nan")}, {"score": 5}, {"phones": [{"phone": "K"}]}]
)
def test_a_field_that_is_wrong_is_refused(fields):
    with pytest.raises(ValidationError):
        assessed(**fields)
