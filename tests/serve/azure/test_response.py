"""An assessment in Azure's form, and the options that shape it."""

from __future__ import annotations

import base64
import json

import pytest
from support.fake_assessor import assessment_of

from enunciate.schema import PhoneCandidate, Score, Utterance
from enunciate.serve.azure.options import AzureOptions, parse_options
from enunciate.serve.azure.response import overall, response


def assessed(text: str | None = "think left", **changes):
    return assessment_of(Utterance(id="a", audio=b"", text=text), 2.0).model_copy(update=changes)


def best_of(assessment, **options) -> dict:
    return response(assessment, AzureOptions.model_validate(options))["NBest"][0]


def test_the_overall_score_is_the_documented_sum():
    # The example in Microsoft's description of the interface: 100, 100, 100 and 87.8 give 95.1.
    assert overall([100.0, 100.0, 87.8, 100.0]) == pytest.approx(95.1, abs=0.05)
    assert overall([50.0, 100.0, 100.0]) == pytest.approx(70.0)
    assert overall([50.0, 100.0]) == pytest.approx(70.0)


def test_basic_says_the_accuracy_alone():
    best = best_of(assessed())
    assert best["AccuracyScore"] == 3.5  # 7 of 10, on the scale to 5 that is Azure's default
    assert not {"FluencyScore", "CompletenessScore", "PronScore", "ProsodyScore"} & best.keys()
    assert "ErrorType" not in best["Words"][0]


def test_granularity_sets_how_deep_the_answer_goes():
    assert "Phonemes" in best_of(assessed())["Words"][0]
    assert "Phonemes" not in best_of(assessed(), granularity="word")["Words"][0]
    assert "Words" not in best_of(assessed(), granularity="fulltext")


def test_omissions_are_called_so_where_miscues_are_asked_for():
    def errors(**options):
        words = best_of(assessed(), dimension="comprehensive", **options)["Words"]
        return [word["ErrorType"] for word in words]

    assert errors(enable_miscue=True) == ["Mispronunciation", "Omission"]
    assert errors() == ["Mispronunciation", "Mispronunciation"]
    assert best_of(assessed())["Display"] == "think"


def test_phones_are_named_in_the_alphabet_asked_for():
    def names(**options):
        return [phone["Phoneme"] for phone in best_of(assessed("the hat"), **options)["Words"][1]["Phonemes"]]

    assert names() == ["h", "ae", "t"]
    assert names(phoneme_alphabet="ipa") == ["h", "æ", "t"]


def test_candidates_are_scored_relative_to_the_first():
    (phone, *_), _ = (word.phones for word in assessed().words)
    likely = [PhoneCandidate(phone="S", probability=0.8), PhoneCandidate(phone="TH", probability=0.2)]
    asked = AzureOptions(n_best_phoneme_count=2, grading_system="hundredmark", phoneme_alphabet="ipa")
    word = assessed().words[0]
    phones = (phone.model_copy(update={"candidates": tuple(likely)}), *word.phones[1:])
    answer = response(assessed(words=(word.model_copy(update={"phones": phones}),)), asked)
    assert answer["NBest"][0]["Words"][0]["Phonemes"][0]["NBestPhonemes"] == [
        {"Phoneme": "s", "Score": 100.0},
        {"Phoneme": "θ", "Score": 25.0},
    ]


def test_without_candidates_the_phone_that_was_heard_is_the_only_one():
    think, left = best_of(assessed(), n_best_phoneme_count=3, grading_system="hundredmark")["Words"]
    assert think["Phonemes"][0]["NBestPhonemes"] == [{"Phoneme": "s", "Score": 100.0}]
    assert left["Phonemes"][0]["NBestPhonemes"] == []
    assert "NBestPhonemes" not in best_of(assessed())["Words"][0]["Phonemes"][0]


def test_what_an_engine_does_not_say_is_left_out():
    nowhere = assessed(fluency=None, words=(), transcript="think")
    answer = response(nowhere, AzureOptions(dimension="comprehensive"))
    (best,) = answer["NBest"]
    assert best.keys().isdisjoint({"FluencyScore", "PronScore", "Words", "Confidence"})
    assert best["Display"] == "think"
    assert response(assessed(phones=()), AzureOptions())["RecognitionStatus"] == "NoMatch"


def test_prosody_counts_in_the_overall_score_only_where_it_is_asked_for():
    low = assessed(prosodic=Score(value=0, low=0, high=1))
    without = best_of(low, dimension="comprehensive")
    asked = best_of(low, dimension="comprehensive", enable_prosody_assessment=True)
    assert "ProsodyScore" not in without
    assert asked["ProsodyScore"] == 0 and asked["PronScore"] < without["PronScore"]


def test_the_names_in_the_header_count_in_any_case():
    sent = {"referenceText": "Hi", "gradingSystem": "hundredmark", "enableMiscue": True}
    header = base64.b64encode(json.dumps(sent).encode()).decode().rstrip("=")
    options = parse_options(header)
    assert (options.reference_text, options.grading_system, options.enable_miscue) == (
        "Hi",
        "hundredmark",
        True,
    )
