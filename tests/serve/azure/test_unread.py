"""The end of a text that nobody read, in Azure's form."""

from __future__ import annotations

import pytest

from enunciate.serve.azure.options import AzureOptions
from enunciate.serve.azure.unread import unread_body


def best_of(text: str, **options) -> dict:
    body = unread_body(text, AzureOptions.model_validate(options), 2.5)
    assert (body["RecognitionStatus"], body["Offset"], body["DisplayText"]) == ("Success", 25_000_000, "")
    return body["NBest"][0]


def test_its_words_are_omissions_and_its_scores_zero():
    best = best_of("“Come home,” she{SH IY} said – now!", granularity="word")
    assert [word["Word"] for word in best["Words"]] == ["come", "home", "she", "said", "now"]
    assert {word["PronunciationAssessment"]["ErrorType"] for word in best["Words"]} == {"Omission"}
    assert set(best["PronunciationAssessment"].values()) == {0.0}
    assert "ProsodyScore" not in best["PronunciationAssessment"] and "Phonemes" not in best["Words"][0]


@pytest.mark.parametrize(("granularity", "fields"), [("phoneme", {"Syllables", "Phonemes"}), ("word", set())])
def test_it_has_what_was_asked_for(granularity, fields):
    best = best_of("Home.", granularity=granularity, enable_prosody_assessment=True)
    assert best["PronunciationAssessment"]["ProsodyScore"] == 0
    assert {"Syllables", "Phonemes"} & best["Words"][0].keys() == fields
    assert "Words" not in best_of("Home.", granularity="fulltext")
