"""Responses of Azure's pronunciation assessment become answers."""

import logging

import pytest
from support.evaluation_cases import make_assessment, make_utterance

from enunciate.evaluation.outside.azure import answer_from_azure

UTTERANCE = make_utterance("u1", phones="K AE1 T")


def response(names=("k", "ae", "t"), sdk=False):
    def scored(fields):
        return {"PronunciationAssessment": fields} if sdk else fields

    phonemes = [{"Phoneme": name} | scored({"AccuracyScore": 50.0}) for name in names]
    word = {"Word": "cat", "Phonemes": phonemes} | scored({"AccuracyScore": 50.0})
    best = {"Lexical": "cat", "Words": [word]} | scored({"AccuracyScore": 80.0, "PronScore": 75.0})
    return {"RecognitionStatus": "Success", "NBest": [best]}


@pytest.mark.parametrize("sdk", [False, True])
@pytest.mark.parametrize("names", [("k", "ae", "t"), ("k", "æ", "t")])
def test_scores_are_read_where_rest_and_where_the_sdks_write_them(names, sdk):
    answer = answer_from_azure("u1", response(names, sdk), UTTERANCE)
    assert (answer.accuracy, answer.total, answer.fluency) == (8, 7.5, None)
    assert [(phone.phone, phone.score) for phone in answer.phones] == [("K", 1), ("AE", 1), ("T", 1)]
    assert answer.assessment(UTTERANCE).transcript == "cat"


def test_phonemes_that_are_not_the_canonical_phones_are_left_out_with_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        answer = answer_from_azure("u1", response(("k", "aa", "t")), UTTERANCE)
    assert (answer.phones, answer.total) == (None, 7.5)
    assert "u1: Azure's phonemes are not the canonical phones" in caplog.text


def test_a_response_without_speech_is_a_failure():
    answer = answer_from_azure("u1", {"RecognitionStatus": "NoMatch"}, UTTERANCE)
    assert (answer.error, answer.assessment(UTTERANCE)) == ("NoMatch", None)


def test_a_score_beyond_the_scale_is_refused():
    with pytest.raises(ValueError, match="'PronScore' is 101"):
        answer_from_azure("u1", {"NBest": [{"PronScore": 101}]}, UTTERANCE)


def test_what_our_own_service_answers_in_azures_form_is_read_back():
    pytest.importorskip("fastapi")
    from enunciate.serve.azure.options import AzureOptions
    from enunciate.serve.azure.response import response as azure_form

    assessment = make_assessment(UTTERANCE, value=6, heard={0: "G"})
    options = AzureOptions(
        reference_text="word", grading_system="hundredmark", granularity="phoneme", dimension="comprehensive"
    )
    answer = answer_from_azure("u1", azure_form(assessment, options), UTTERANCE)
    assert answer.accuracy == pytest.approx(6)
    expected = [phone.score.value for phone in assessment.phones]
    assert [phone.score for phone in answer.phones] == pytest.approx(expected)
