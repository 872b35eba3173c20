"""Results of OpenPronounce become answers."""

import json

import pytest
from support.evaluation_cases import make_utterance

from enunciate.evaluation.outside.answers_file import read_answers
from enunciate.evaluation.outside.openpronounce import answer_from_openpronounce, phones_of_ipa
from enunciate.schema import ReferenceWord

WORDS = (
    ReferenceWord(text="hello", phones=("HH", "AH0", "L", "OW1")),
    ReferenceWord(text="cat", phones=("K", "AE1", "T")),
)
UTTERANCE = make_utterance("u1").model_copy(update={"words": WORDS, "text": "hello cat"})


def result(*phones, position=0, **fields):
    reports = [{"expected": e, "heard": h, "confidence": c} for e, h, c in phones]
    errors = [{"position": position, "word": "hello", "confidence": 0.9, "phones": reports}]
    differences = {"errors": errors if phones else [], "heard_phones": ["h", "ɛ", "l", "oʊ", "k", "æ", "t"]}
    return {"score": 59.0, "transcribe": "HELL NO", "differences": differences} | fields


def judged(answer):
    return [(phone.phone, phone.heard) for phone in answer.phones]


def test_the_score_and_what_was_heard_are_read():
    answer = answer_from_openpronounce("u1", result(), UTTERANCE)
    assert (answer.total, answer.transcript, answer.accuracy) == (5.9, "hell no", None)
    assert answer.free_phones == ("HH", "EH", "L", "OW", "K", "AE", "T")
    assert all(phone == heard for phone, heard in judged(answer))
    assert not any(phone.mispronounced for phone in answer.assessment(UTTERANCE).phones)


def test_phones_of_a_word_with_an_error_are_wrong_from_half_a_clear_error():
    found = [("h", "", 1.0), ("ə", "ɛ", 1.0), ("l", "l", 0.0), ("oʊ", "ɔ", 0.4)]
    answer = answer_from_openpronounce("u1", result(*found), UTTERANCE)
    assert judged(answer)[:4] == [("HH", "<DEL>"), ("AH", "EH"), ("L", "L"), ("OW", "OW")]
    assert all(phone == heard for phone, heard in judged(answer)[4:])


def test_phones_of_espeak_are_aligned_with_the_canonical_ones():
    found = [("k", "k", 0.0), ("ɑ", "ʌ", 1.0), ("t", "", 0.5)]
    answer = answer_from_openpronounce("u1", result(*found, position=1), UTTERANCE)
    assert judged(answer)[4:] == [("K", "K"), ("AE", "AH"), ("T", "<DEL>")]


def test_an_additional_sound_is_an_error_that_has_no_name():
    answer = answer_from_openpronounce("u1", result(("k", "kl", 1.0), position=1), UTTERANCE)
    assert judged(answer)[4] == ("K", "<unk>")


def test_a_result_without_phones_has_the_score_alone():
    answer = answer_from_openpronounce("u1", {"score": 100, "transcribe": "", "differences": {}}, UTTERANCE)
    assert (answer.total, answer.phones, answer.free_phones, answer.transcript) == (10, None, None, None)


@pytest.mark.parametrize("score", [None, 101, "59"])
def test_a_score_beyond_the_scale_is_refused(score):
    with pytest.raises(ValueError, match="'score' is"):
        answer_from_openpronounce("u1", result(score=score), UTTERANCE)


def test_signs_of_ipa_are_the_phones_of_the_inventory():
    assert phones_of_ipa("ˈtʃɜːɹtʃ") == ("CH", "ER", "R", "CH")
    assert phones_of_ipa("aɪɡ") == ("AY", "G")
    assert phones_of_ipa("x") == ("<unk>",)
    assert phones_of_ipa("") == ()


def test_a_file_of_answers_may_have_them(tmp_path):
    pytest.importorskip("kaldialign")
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps({"id": "u1", "openpronounce": result()}) + "\n")
    (prediction,) = read_answers(path, [UTTERANCE])
    assert prediction.assessment.model == "OpenPronounce"
