"""What a client asks for in a turn is read from the places where the SDKs write it."""

from __future__ import annotations

import json

import pytest

from enunciate.serve.azure.websocket.turn_request import BadTurnError, TurnRequest, read_turn_request

ASKED = {"referenceText": " Hello. ", "gradingSystem": "HundredMark", "nBestPhonemeCount": 5}


def read(detection=None, query=(), continuous=False, asked=ASKED) -> TurnRequest:
    enrichment = {"enrichment": {"pronunciationAssessment": asked}}
    body = {"phraseDetection": {"language": "en-US"} | enrichment | (detection or {})}
    return read_turn_request(json.dumps(body).encode(), dict(query), continuous=continuous)


def test_the_options_are_those_of_the_context():
    request = read()
    assert request.text == "Hello."
    assert (request.options.grading_system, request.options.n_best_phoneme_count) == ("hundredmark", 5)


def test_the_mode_of_the_context_wins_over_that_of_the_address():
    assert not read().continuous and read(continuous=True).continuous
    assert not read({"mode": "INTERACTIVE"}, continuous=True).continuous
    assert read({"mode": "Conversation"}).continuous


def test_silences_are_found_where_either_sdk_writes_them():
    nested = {"interactive": {"segmentation": {"mode": "Custom", "segmentationSilenceTimeoutMs": 700}}}
    assert read(nested).end_s == 0.7
    by_query = read(query={"initialSilenceTimeoutMs": "9000", "endSilenceTimeoutMs": "1200"})
    assert (by_query.initial_s, by_query.end_s) == (9.0, 1.2)
    rules = by_query.silence_rules(60.0)
    assert (rules.initial_s, rules.pause_s, rules.end_s) == (9.0, None, 1.2)


@pytest.mark.parametrize("value", ["", "soon", "-1", "nan", None])
def test_a_silence_that_is_no_time_is_ignored(value):
    assert read(query={"endSilenceTimeoutMs": value}).end_s is None


def test_a_silence_is_kept_in_bounds():
    assert read(query={"endSilenceTimeoutMs": "1"}).end_s == 0.1
    assert read(query={"endSilenceTimeoutMs": "1e300"}).end_s == 60.0


def test_only_a_reading_ends_at_a_pause_when_its_text_is_said():
    free = {"referenceText": ""}
    assert read().silence_rules(60).pause_s and read(continuous=True).silence_rules(60).pause_s
    assert read(asked=free).silence_rules(60).pause_s is None
    assert read(continuous=True).silence_rules(60).end_s is None
    assert read(continuous=True, asked=free).silence_rules(10).longest_s == 10


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[]", "PronunciationAssessmentConfig"),
        (b"{}", "PronunciationAssessmentConfig"),
        (b'{"phraseDetection": {"language": "de-DE"}}', "language"),
        (b'{"phraseDetection": {"enrichment": {"pronunciationAssessment": 1}}}', "object"),
        (
            b'{"phraseDetection": {"enrichment": {"pronunciationAssessment": {"gradingSystem": "Ten"}}}}',
            "gradingsystem",
        ),
    ],
)
def test_what_is_wrong_is_said(body, says):
    with pytest.raises(BadTurnError, match=says):
        read_turn_request(body, {}, continuous=False)
