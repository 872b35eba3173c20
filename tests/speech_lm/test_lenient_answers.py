"""Lenient parsing finds an answer where one is plain, and never raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enunciate.speech_lm.lenient_answers import parse_leniently
from enunciate.speech_lm.targets import MddAnswer, Unparsable


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            '{"word_transcript": "The bear.", "phoneme_transcript": "ðə DH AH0 b eh r"}',
            MddAnswer(word_transcript="the bear", phoneme_transcript="<unk> DH AH B EH R"),
        ),
        (
            'x { y {"Word_Transcript": "a", "phoneme_transcript": ["AH", "K*", "<unk>"]} z',
            MddAnswer(word_transcript="a", phoneme_transcript="AH K* <unk>"),
        ),
    ],
)
def test_lenient_transcripts(raw: str, expected: MddAnswer) -> None:
    assert parse_leniently("mdd", raw) == expected


@pytest.mark.parametrize(
    "raw",
    ["", "{", "{" * 5000, "[8, 8, 8, 8]", '{"accuracy": 8}', '{"accuracy": 11, "fluency": 1}', "8" * 9000],
)
def test_what_is_no_answer_is_none_however_leniently_read(raw: str) -> None:
    found = parse_leniently("apa", raw)
    assert isinstance(found, Unparsable) and found.raw == raw and found.reason


@given(st.text() | st.text(alphabet='{}[]":,8.e-accuryflnpodi ', max_size=60))
def test_reading_leniently_never_raises(raw: str) -> None:
    for task in ("apa", "mdd"):
        parse_leniently(task, raw)
