"""A reader who leaves out passages of the text: they are omissions, and nothing else changes."""

import numpy as np
import pytest
import soundfile as sf
from support.paths import ASSETS

from enunciate import assess, assess_stream
from enunciate.errors import TextTooLongError
from enunciate.pocket.assessor import packaged_weights
from enunciate.pocket.phone_timing import PocketAligner
from enunciate.schema import ASPECTS, Clip, PhraseResult

pytestmark = pytest.mark.slow

READ = {
    "correct.flac": "I think the weather is nice today.",
    "mispronounced.flac": "The friend has three red balloons.",
    "wrong_text.flac": "My brother plays the piano on Sunday morning.",
}
FIRST, SECOND, THIRD = READ.values()
OTHER = " ".join(
    [
        "Nobody knew how much money uncle Bob had put into those old leather shoes.",
        "A ship left the harbour before dawn, and all the lamps went out.",
        "Twelve judges argued over whose goat had jumped across the village fence.",
    ]
    * 10
)
N_OTHER = len(OTHER.split())


@pytest.fixture(scope="module")
def reading():
    pause = np.zeros(8_000, dtype=np.float32)
    parts = [part for clip in READ for part in (sf.read(ASSETS / clip, dtype="float32")[0], pause)]
    return Clip(samples=np.concatenate(parts), sample_rate_hz=16_000)


@pytest.fixture(scope="module")
def alone(reading):
    return assess(reading, " ".join(READ.values()))


PLACES = pytest.mark.parametrize(
    ("text", "first"),
    [
        (f"{FIRST} {SECOND} {THIRD} {OTHER}", 21),
        (f"{OTHER} {FIRST} {SECOND} {THIRD}", 0),
        (f"{FIRST} {SECOND} {OTHER} {THIRD}", 13),
    ],
    ids=["end", "beginning", "middle"],
)


@PLACES
def test_what_was_not_read_is_omitted_and_changes_no_score(reading, alone, text, first):
    found = assess(reading, text)

    unread = found.words[first : first + N_OTHER]
    read = found.words[:first] + found.words[first + N_OTHER :]
    assert {word.error for word in unread} == {"omission"} and {word.score.value for word in unread} == {0.0}
    assert {word.start_s for word in unread} == {None}
    assert [(word.text, word.error, word.start_s, word.score) for word in read] == [
        (word.text, word.error, word.start_s, word.score) for word in alone.words
    ]
    assert found.completeness.value == pytest.approx(10 * len(alone.words) / len(found.words))
    assert found.rates == alone.rates and found.warnings == alone.warnings
    for aspect in ASPECTS:
        assert getattr(found, aspect).value == pytest.approx(getattr(alone, aspect).value, abs=0.05)


@PLACES
def test_phrases_come_with_the_passages_beside_them(reading, text, first):
    *phrases, whole = assess_stream(reading, text)

    last = {phrase.index: phrase for phrase in phrases if isinstance(phrase, PhraseResult)}
    assert tuple(word for phrase in last.values() for word in phrase.words) == whole.words
    assert whole == assess(reading, text)


def test_each_word_knows_its_place_in_the_text(reading):
    text = f"{FIRST} {OTHER} {SECOND} {THIRD}"
    found = assess(reading, text)

    assert [text[word.text_start : word.text_end] for word in found.words] == [w.text for w in found.words]


def test_a_text_of_three_thousand_words_can_be_read_in_part(reading, alone):
    found = assess(reading, " ".join([*READ.values(), *OTHER.split(" ") * 8][:3000]))

    assert sum(word.error == "omission" for word in found.words) == len(found.words) - len(alone.words)
    assert found.total == alone.total


def test_another_text_that_the_clip_cannot_hold_is_refused_with_advice(reading):
    with pytest.raises(TextTooLongError, match=r"too many for a clip of .* check that text and recording"):
        assess(reading, OTHER)


def test_another_text_that_the_clip_could_hold_has_the_warning(reading):
    found = assess(reading, " ".join(OTHER.split()[:38]))

    assert "text_mismatch" in [notice.code for notice in found.warnings]


def test_an_aligner_gives_no_times_to_a_passage_that_was_not_read(reading, alone):
    found = assess(reading, f"{FIRST} {SECOND} {OTHER} {THIRD}")
    words = [[phone.phone for phone in word.phones] for word in found.words]
    timing = PocketAligner(packaged_weights()).align_words(reading.samples, words, "a")

    assert len(timing.spans) == sum(map(len, words)) and not timing.mismatched
    unread = sum(len(word.phones) for word in found.words[13 : 13 + N_OTHER])
    assert timing.spans.count((None, None)) == unread
