"""A long reading comes phrase by phrase, and its phrases are the whole."""

from itertools import pairwise

import numpy as np
import pytest
import soundfile as sf
from support.paths import ASSETS

from enunciate import assess, assess_stream
from enunciate.engines import StreamingAssessor, load_assessor
from enunciate.errors import NoSpeechError
from enunciate.pocket.acoustic_model import AcousticModel
from enunciate.schema import ASPECTS, Clip, PhraseResult, Utterance

pytestmark = pytest.mark.slow

SENTENCE = "I think the weather is nice today."


SENTENCES = {
    "correct.flac": SENTENCE,
    "mispronounced.flac": "The friend has three red balloons.",
    "wrong_text.flac": "My brother plays the piano on Sunday morning.",
}


def joined(n_times, pause_s, clips=("correct.flac",)):
    """Read clips so often one after the other, with pauses."""
    rate_hz = 16_000
    pause = np.zeros(round(pause_s * rate_hz), dtype=np.float32)
    parts = [part for clip in clips for part in (sf.read(ASSETS / clip, dtype="float32")[0], pause)]
    return Clip(samples=np.concatenate(parts * n_times), sample_rate_hz=rate_hz)


@pytest.fixture(scope="module")
def reading():
    return joined(5, 0.5)


@pytest.fixture(scope="module")
def streamed(reading):
    return list(assess_stream(reading, " ".join([SENTENCE] * 5)))


def mean_of(phrases, aspect):
    values = [getattr(phrase, aspect).value for phrase in phrases]
    return np.average(values, weights=[len(phrase.phones) for phrase in phrases])


def test_the_last_result_is_that_of_assess(streamed, reading):
    assert streamed[-1] == assess(reading, " ".join([SENTENCE] * 5))


def test_phrases_come_first_and_in_order(streamed):
    phrases = streamed[:-1]
    assert len(phrases) == 5
    assert all(isinstance(phrase, PhraseResult) for phrase in phrases)
    assert [phrase.index for phrase in phrases] == list(range(5))
    assert all(before.end_s < after.start_s for before, after in pairwise(phrases))
    for phrase in phrases:
        assert phrase.start_s == phrase.words[0].start_s and phrase.end_s == phrase.words[-1].end_s


def test_words_and_phones_of_all_phrases_are_those_of_the_whole(streamed):
    *phrases, whole = streamed
    assert tuple(word for phrase in phrases for word in phrase.words) == whole.words
    assert tuple(phone for phrase in phrases for phone in phrase.phones) == whole.phones


def test_no_phone_of_a_guessed_word_is_flagged_in_its_phrase():
    phrase, _ = assess_stream(ASSETS / "correct.flac", SENTENCE.replace("think", "blorp"))

    assert any(word.guessed for word in phrase.words)
    assert phrase.phones == tuple(phone for word in phrase.words for phone in word.phones)
    assert not any(phone.mispronounced for word in phrase.words if word.guessed for phone in word.phones)


def test_the_whole_scores_like_the_mean_of_its_phrases(streamed):
    *phrases, whole = streamed
    for aspect in ASPECTS:
        assert getattr(whole, aspect).value == pytest.approx(mean_of(phrases, aspect))


def test_a_silence_that_nothing_explains_costs_the_whole_fluency_and_no_phrase():
    text = " ".join([SENTENCE.rstrip(".")] * 2)
    *phrases, whole = assess_stream(joined(2, 4.0), text)
    assert whole.fluency.value < mean_of(phrases, "fluency") - 0.5
    assert whole.accuracy.value == pytest.approx(mean_of(phrases, "accuracy"))


def test_phrases_of_another_text_have_the_scores_of_the_whole():
    *phrases, whole = assess_stream(ASSETS / "wrong_text.flac", SENTENCE)
    assert "text_mismatch" in {notice.code for notice in whole.warnings}
    assert {phrase.total for phrase in phrases} == {whole.total}


def test_without_text_the_phrases_have_the_phones_heard(reading):
    *phrases, whole = assess_stream(reading)
    assert all(phrase.words == () for phrase in phrases)
    assert tuple(phone for phrase in phrases for phone in phrase.phones) == whole.phones
    assert whole.total.value == pytest.approx(mean_of(phrases, "total"))


def told_at(audio, text):
    """For each phrase its index and the seconds that were heard when it came; and the whole."""
    told, seconds = [], [0]
    for result in assess_stream(audio, text, progress=lambda done, _: seconds.append(done)):
        if isinstance(result, PhraseResult):
            told.append((result, seconds[-1]))
    return told, result


def test_the_first_phrases_come_before_the_rest_is_heard():
    text = " ".join(SENTENCES.values())
    reading = joined(5, 0.5, SENTENCES)
    told, whole = told_at(reading, " ".join([text] * 5))

    assert [phrase.index for phrase, _ in told] == list(range(15))
    assert told[0][1] <= 15 < whole.duration_s / 2
    assert all(at - phrase.end_s < 25 for phrase, at in told)
    assert whole == assess(reading, " ".join([text] * 5))


def test_phrases_that_a_later_one_changes_are_told_again(monkeypatch):
    """The second half of the text is told early as if the first had been said before it."""
    monkeypatch.setattr("enunciate.pocket.forced_alignment.SETTLED_MARGIN", 0.0)
    passage = "Never did anybody hear how much money uncle Bob put."
    said = " ".join([SENTENCE] * 12)
    reading = joined(12, 0.5)
    told, whole = told_at(reading, f"{passage} {said}")
    phrases = []
    for phrase, _ in told:
        phrases[phrase.index :] = [phrase]

    assert len(told) > len(phrases)
    assert tuple(word for phrase in phrases for word in phrase.words) == whole.words
    assert whole == assess(reading, f"{passage} {said}")


def test_nothing_is_told_early_of_another_text():
    told, whole = told_at(joined(12, 0.5), " ".join(["Never did anybody hear of uncle Bob."] * 12))

    assert {at for _, at in told} == {round(whole.duration_s)}
    assert {phrase.total for phrase, _ in told} == {whole.total}


def test_progress_counts_the_seconds_heard(reading):
    told = []
    list(assess_stream(reading, progress=lambda done, total: told.append((done, total))))
    assert [total for _, total in told] == [round(len(reading.samples) / reading.sample_rate_hz)] * len(told)
    assert len(told) > 1 and told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_an_error_comes_with_the_first_result(tone):
    results = assess_stream(Clip(samples=tone(1.5), sample_rate_hz=16_000), SENTENCE)
    with pytest.raises(NoSpeechError):
        next(results)


def test_an_engine_that_cannot_stream_gives_the_whole_alone(monkeypatch):
    class Plain:
        def assess(self, utterances):
            return assessor.assess(utterances)

    assessor = load_assessor("pocket")
    assert isinstance(assessor, StreamingAssessor)
    monkeypatch.setattr("enunciate.engines._cached_assessor", lambda *_: Plain())
    (whole,) = assess_stream(ASSETS / "correct.flac", SENTENCE)
    assert whole == assess(ASSETS / "correct.flac", SENTENCE)


def test_phones_are_searched_once_where_both_answers_are_asked_for_without_text(monkeypatch):
    from enunciate.pocket.listener import Listener

    assessor, searched, encoded = load_assessor("pocket"), [], []
    hear, encode = Listener.hear, AcousticModel.__call__
    monkeypatch.setattr(Listener, "hear", lambda *a: searched.append(1) or hear(*a))
    monkeypatch.setattr(AcousticModel, "__call__", lambda *a: encoded.append(1) or encode(*a))
    utterance = Utterance(id="a", audio=ASSETS / "correct.flac")
    ((found, phones),) = assessor.assess_and_recognise([utterance])
    assert len(searched) == len(encoded) == 1
    assert phones == tuple(phone.phone for phone in found.phones) == assessor.recognise([utterance])[0]
