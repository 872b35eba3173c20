"""Scores and phones get their probabilities from those of the tokens in which they were written."""

import numpy as np
import pytest
from openai.types.chat import ChatCompletionTokenLogprob
from support.openai_server import token

from enunciate.speech_lm.openai_api.token_probabilities import phone_probabilities, score_distributions


def tokens(*rows: dict) -> list[ChatCompletionTokenLogprob]:
    return [ChatCompletionTokenLogprob.model_validate(row) for row in rows]


def answer(*scores: dict) -> list[dict]:
    """An answer of which each score is one token after a separate space, as in o200k."""
    rows = []
    for name, score in zip(("accuracy", "fluency", "prosodic", "total"), scores, strict=True):
        rows += [token('{"' if name == "accuracy" else ', "'), token(name), token('":'), token(" "), score]
    return [*rows, token("}")]


def text_of(rows: list[dict]) -> str:
    return "".join(row["token"] for row in rows)


def nonzero(distribution) -> dict[int, float]:
    return {int(n): pytest.approx(float(distribution[n])) for n in np.flatnonzero(distribution)}


SURE = token("8", 1.0, {})


def test_the_numbers_in_place_of_a_score_share_what_is_not_other_text():
    rows = answer(token("8", 0.6, {"7": 0.2, "10": 0.1, "eight": 0.05, "11": 0.05}), SURE, SURE, SURE)

    found = score_distributions(text_of(rows), tokens(*rows))

    assert nonzero(found["accuracy"]) == {7: 2 / 9, 8: 6 / 9, 10: 1 / 9}
    assert nonzero(found["total"]) == {8: 1}


def test_a_score_may_share_its_token_with_the_space_or_the_colon_before_it():
    rows = [
        *(token('{"accuracy":'), token(" 6", 0.5, {" 5": 0.5, "5": 0.25})),
        *(token(', "fluency'), token('": 7', 0.75, {'": 9': 0.25})),
        *(token(', "prosodic": '), token("8,", 0.5, {"6,": 0.5}), token(' "total": '), token("8}")),
    ]

    found = score_distributions(text_of(rows), tokens(*rows))

    assert nonzero(found["accuracy"]) == {5: 0.6, 6: 0.4}
    assert nonzero(found["fluency"]) == {7: 0.75, 9: 0.25}
    assert nonzero(found["prosodic"]) == {6: 0.5, 8: 0.5}
    assert nonzero(found["total"]) == {8: 1}


def test_ten_in_two_tokens_is_told_from_one_by_what_follows():
    ten = [token("1", 0.8, {"9": 0.2}), token("0", 0.75, {",": 0.25})]
    rows = answer(SURE, SURE, SURE, SURE)
    rows[4:5] = ten

    found = score_distributions(text_of(rows), tokens(*rows))

    assert nonzero(found["accuracy"]) == {1: 0.2, 9: 0.2, 10: 0.6}


@pytest.mark.parametrize(
    ("chosen", "others", "expected"),
    [
        ("9", {"1": 0.4}, {9: 0.6, 10: 0.4}),
        ("3", {"1": 0.4}, {1: 0.4, 3: 0.6}),
        ("9", {"1": 0.1, "10": 0.3}, {1: 0.1, 9: 0.6, 10: 0.3}),
    ],
    ids=["high", "low", "ten is a token"],
)
def test_a_one_that_was_not_chosen(chosen, others, expected):
    rows = answer(token(chosen, 0.6, others), SURE, SURE, SURE)

    found = score_distributions(text_of(rows), tokens(*rows))

    assert nonzero(found["accuracy"]) == expected


def test_an_end_token_may_follow_and_tokens_of_another_text_tell_nothing():
    rows = answer(SURE, SURE, SURE, SURE)
    text = text_of(rows)

    assert score_distributions(text, tokens(*rows, token("<|end|>"))) is not None
    assert score_distributions(text, tokens(*rows[1:])) is None
    assert score_distributions("no scores", tokens(token("no scores"))) is None


def test_tokens_without_bytes_are_their_text():
    rows = [row | {"bytes": None} for row in answer(SURE, SURE, SURE, SURE)]

    assert nonzero(score_distributions(text_of(rows), tokens(*rows))["fluency"]) == {8: 1}


def test_a_phone_is_as_probable_as_all_of_its_tokens():
    rows = [
        token('{"word_transcript": "é", "phoneme_transcript": "', 0.1),
        *(token("D", 0.5), token("H", 0.5), token(" A", 0.9), token("H", 0.8), token(' <unk>"}', 0.7)),
    ]

    found = phone_probabilities(text_of(rows), tokens(*rows))

    assert found == pytest.approx((0.25, 0.72, 0.7))
    assert phone_probabilities("{}", tokens(token("{}"))) is None
