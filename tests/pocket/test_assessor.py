"""The engine with the weights that ship, on the synthetic clips of `examples/make_clips.py`."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr
from support.paths import ASSETS, REPOSITORY

from enunciate.engines import OnePassAssessor, load_assessor
from enunciate.errors import (
    AudioSilentError,
    ModelNotFoundError,
    NoSpeechError,
    PronunciationError,
    TextEmptyError,
    TextTooLongError,
    TextUnknownWordsError,
)
from enunciate.phones import PHONES, Lexicon, strip_stress
from enunciate.phones.inventory import UNCLEAR
from enunciate.pocket.acoustic_model import AcousticModel
from enunciate.pocket.assessor import packaged_weights
from enunciate.pocket.forced_alignment import align_heard
from enunciate.pocket.weights_folder import DESCRIPTION
from enunciate.schema import ASPECTS, Assessment, Clip, ReferenceWord, Utterance

SENTENCE = "I think the weather is nice today."
FRIEND = "The friend has three red balloons."
MOST_BYTES = 45_000_000


@pytest.fixture(scope="module")
def engine():
    if not (packaged_weights() / DESCRIPTION).is_file():
        pytest.skip(f"no weights in {packaged_weights()}")
    return load_assessor("pocket")


def assess(engine, audio, text=None, **fields) -> Assessment:
    (found,) = engine.assess([Utterance(id="a", audio=audio, text=text, **fields)])
    return found


@pytest.fixture(scope="module")
def correct(engine):
    return assess(engine, ASSETS / "correct.flac", SENTENCE)


@pytest.fixture(scope="module")
def mispronounced(engine):
    return assess(engine, ASSETS / "mispronounced.flac", FRIEND)


@pytest.fixture(scope="module")
def slip(engine):
    """ "Nice" was said as "lice"."""
    return assess(engine, REPOSITORY / "examples/i_think_the_weather_is_nice.flac", SENTENCE)


def by_text(found):
    return {word.text.lower(): word for word in found.words}


def codes(found):
    return {notice.code for notice in found.warnings}


def expect_sound(found):
    """What must hold for every assessment."""
    written = found.model_dump_json()
    assert Assessment.model_validate_json(written).model_dump_json() == written
    for phone in found.phones:
        assert 0 <= phone.start_s < phone.end_s <= found.duration_s + 0.03
        assert phone.phone in PHONES
        assert phone.heard is None or set(phone.heard.split()) <= {*PHONES, UNCLEAR}
        if phone.score is not None:
            assert phone.score.low <= phone.score.value <= phone.score.high
    for before, after in pairwise(found.phones):
        assert before.end_s <= after.start_s + 1e-9
    for word in found.words:
        assert word.start_s == word.phones[0].start_s and word.end_s == word.phones[-1].end_s
        assert all(word.start_s <= phone.start_s < phone.end_s <= word.end_s for phone in word.phones)
        assert word.score.low <= word.score.value <= word.score.high
        wrong = any(phone.mispronounced for phone in word.phones)
        assert word.error == "omission" or (word.error == "mispronunciation") == wrong
    if found.words:
        assert tuple(phone for word in found.words for phone in word.phones) == found.phones
    for pause in found.pauses:
        assert pause.end_s - pause.start_s + 1e-9 >= 0.15
    for aspect in ASPECTS:
        score = getattr(found, aspect)
        if score is not None:
            assert score.low <= score.value <= score.high


# ------------------------------------------------------------------------------------------ with text


def test_a_clip_with_its_text(correct):
    expect_sound(correct)
    assert correct.used_reference
    assert [word.text.lower() for word in correct.words] == "i think the weather is nice today".split()
    assert all(getattr(correct, aspect) is not None for aspect in ASPECTS)
    assert correct.completeness.value == 10
    assert not codes(correct) & {"text_mismatch", "no_reference"}
    assert correct.duration_s == pytest.approx(sf.info(ASSETS / "correct.flac").duration, abs=1e-3)


def test_words_tell_their_place_in_the_text(correct):
    assert [SENTENCE[word.text_start : word.text_end] for word in correct.words] == [
        word.text for word in correct.words
    ]
    assert {word.read_as for word in correct.words} == {None}


def test_vowels_tell_the_stress_of_the_dictionary(correct):
    today = by_text(correct)["today"]

    assert [phone.stress for phone in today.phones] == [None, 0, None, 1]
    assert correct.phones == tuple(phone for word in correct.words for phone in word.phones)


def test_rates_count_what_was_said(correct):
    spoken_s = correct.phones[-1].end_s - correct.phones[0].start_s

    assert correct.rates.phones_per_s == pytest.approx(len(correct.phones) / spoken_s)
    assert correct.rates.words_per_s == pytest.approx(7 / spoken_s)
    assert correct.rates.articulation_phones_per_s >= correct.rates.phones_per_s


def test_words_said_wrong_score_lower(correct, slip):
    expect_sound(slip)
    wrong = by_text(slip)["nice"].score.value
    assert wrong < min(word.score.value for word in correct.words) - 2
    assert wrong == min(word.score.value for word in slip.words)


def test_a_replaced_phone_is_the_lowest_of_its_word(slip, mispronounced):
    expect_sound(slip)
    for found, text, phones in ((slip, "nice", "N AY S"), (mispronounced, "three", "TH R IY")):
        word = by_text(found)[text]
        assert [phone.phone for phone in word.phones] == phones.split()
        assert word.phones[0].score.value == min(phone.score.value for phone in word.phones)


def test_a_replaced_phone_is_flagged_with_what_was_said(slip):
    word = by_text(slip)["nice"]
    assert word.phones[0].mispronounced and word.phones[0].heard == "L"
    assert word.phones[0].heard_probability > 0.5
    assert word.error == "mispronunciation"


def test_candidates_for_a_phone_are_listed_where_they_are_asked_for(engine, slip):
    asked = assess(engine, REPOSITORY / "examples/i_think_the_weather_is_nice.flac", SENTENCE, n_candidates=5)
    for phone in asked.phones:
        probabilities = [one.probability for one in phone.candidates]
        assert len({one.phone for one in phone.candidates} & set(PHONES)) == 5
        assert probabilities == sorted(probabilities, reverse=True) and sum(probabilities) <= 1
    first, *others = by_text(asked)["nice"].phones[0].candidates
    assert (first.phone, first.probability > 0.9) == ("L", True)
    assert "N" in {one.phone for one in others}
    assert all(not phone.candidates for phone in slip.phones)


def test_what_was_said_well_is_not_flagged(correct, slip, mispronounced):
    flagged = [
        (word.text.lower(), phone.phone)
        for found in (correct, slip, mispronounced)
        for word in found.words
        for phone in word.phones
        if phone.mispronounced
    ]
    # After the T that the voice was told to say in "red", its B has no voice.
    assert set(flagged) <= {("nice", "N"), ("three", "TH"), ("red", "D"), ("balloons", "B")}


def test_the_slip_costs_its_word_most(slip, correct):
    """Both clips come from one voice and differ in one phone."""
    before = by_text(correct)
    change = {text: word.score.value - before[text].score.value for text, word in by_text(slip).items()}

    assert min(change, key=change.__getitem__) == "nice"
    assert change["nice"] < -1
    assert slip.accuracy.value < correct.accuracy.value


def test_another_text_than_was_said_is_noticed(engine, correct):
    found = assess(engine, ASSETS / "wrong_text.flac", SENTENCE)

    expect_sound(found)
    assert "text_mismatch" in codes(found)
    for aspect in ASPECTS:
        assert getattr(found, aspect).value < getattr(correct, aspect).low
    words, right = ([word.score.value for word in one.words] for one in (found, correct))
    assert np.mean(words) < np.mean(right) - 3


def test_reference_words_take_the_place_of_the_text(engine, correct):
    words = tuple(
        ReferenceWord(text=word.text, phones=tuple(phone.phone for phone in word.phones))
        for word in correct.words
    )
    found = assess(engine, ASSETS / "correct.flac", words=words)

    assert [word.text for word in found.words] == [word.text for word in correct.words]
    near(found, correct, 0.3)  # the given phones have no stress


def test_the_variant_that_was_said_is_taken(engine, correct):
    """CMUdict has "today" with AH and with UW; the one taken fits as well as if it had been given alone."""
    variants = {tuple(map(strip_stress, variant)) for variant in Lexicon.default().lookup("today")}
    alone = {}
    for variant in variants:
        text = SENTENCE.replace("today", f"today{{{' '.join(variant)}}}")
        word = by_text(assess(engine, ASSETS / "correct.flac", text))["today"]
        alone[tuple(phone.phone for phone in word.phones)] = word
    taken = by_text(correct)["today"]

    assert set(alone) == variants == {("T", "AH", "D", "EY"), ("T", "UW", "D", "EY")}
    given = alone[tuple(phone.phone for phone in taken.phones)]
    unstressed = tuple(phone.model_copy(update={"stress": None}) for phone in taken.phones)
    assert (unstressed, taken.score) == (given.phones, given.score)
    assert (taken.pronunciation, given.pronunciation) == ("citation", "given")
    assert taken.score.value == max(word.score.value for word in alone.values())


def test_an_inline_pronunciation_overrides_the_lexicon(engine, slip):
    """Where "lice" was what was to be said, saying it is no mistake."""
    clip = REPOSITORY / "examples/i_think_the_weather_is_nice.flac"
    nice = by_text(assess(engine, clip, SENTENCE.replace("nice", "nice{L AY S}")))["nice"]

    assert [phone.phone for phone in nice.phones] == ["L", "AY", "S"]
    assert nice.error == "none"
    assert nice.score.value > by_text(slip)["nice"].score.value + 1


def test_a_lexicon_of_ones_own(engine, tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("BLORP S IH NG K\n")
    text = SENTENCE.replace("think", "blorp")
    guessed = by_text(assess(engine, ASSETS / "correct.flac", text))["blorp"]
    assert guessed.guessed and guessed.pronunciation == "guess"
    assert not any(phone.mispronounced for phone in guessed.phones), "the guess may be what is wrong"
    assert guessed.score.high == 10

    found = assess(load_assessor("pocket", lexicon=path), ASSETS / "correct.flac", text)
    assert [phone.phone for phone in by_text(found)["blorp"].phones] == ["S", "IH", "NG", "K"]
    assert not by_text(found)["blorp"].guessed


# --------------------------------------------------------------------------------------- without text


def test_without_text_phones_are_listed_and_not_scored(engine):
    found = assess(engine, ASSETS / "correct.flac")

    expect_sound(found)
    assert codes(found) >= {"no_reference"}
    assert not found.used_reference and found.words == () and found.completeness is None
    assert all(phone.score is None and phone.heard == phone.phone for phone in found.phones)
    assert found.rates.words_per_s is None and found.rates.phones_per_s > 0
    (heard,) = engine.recognise([Utterance(id="a", audio=ASSETS / "correct.flac")])
    assert heard == tuple(phone.phone for phone in found.phones)


def test_a_sound_that_is_none_of_the_phones_heard_is_let_be_without_text(engine, monkeypatch):
    plain = assess(engine, ASSETS / "correct.flac")

    def with_a_sound_beyond(*arguments):
        return replace(align_heard(*arguments), extra=((0, 8),))

    monkeypatch.setattr("enunciate.pocket.listener.align_heard", with_a_sound_beyond)
    found = assess(engine, ASSETS / "correct.flac")
    assert (found.phones, found.total) == (plain.phones, plain.total)


def test_most_phones_are_heard(engine, correct):
    import kaldialign

    (heard,) = engine.recognise([Utterance(id="a", audio=ASSETS / "correct.flac")])
    said = [phone.phone for phone in correct.phones]
    assert kaldialign.edit_distance(said, list(heard))["total"] / len(said) < 0.5


# -------------------------------------------------------------------------------------- kinds of audio


def near(found, other, tolerance):
    for aspect in ASPECTS:
        assert getattr(found, aspect).value == pytest.approx(getattr(other, aspect).value, abs=tolerance)
    assert [phone.phone for phone in found.phones] == [phone.phone for phone in other.phones]
    differences = [a.score.value - b.score.value for a, b in zip(found.phones, other.phones, strict=True)]
    assert np.abs(differences).mean() < tolerance / 5


def test_bytes_and_samples_are_as_good_as_a_path(engine, correct):
    path = ASSETS / "correct.flac"
    samples, rate_hz = sf.read(path, dtype="float32")

    assert assess(engine, path.read_bytes(), SENTENCE) == correct
    near(assess(engine, Clip(samples=samples, sample_rate_hz=rate_hz), SENTENCE), correct, 1e-3)


def test_another_rate_and_two_channels_change_little(engine, correct):
    samples, rate_hz = sf.read(ASSETS / "correct.flac", dtype="float64")
    fast = soxr.resample(samples, rate_hz, 44_100)
    stereo = Clip(samples=np.stack((fast, fast), axis=1), sample_rate_hz=44_100)

    near(assess(engine, stereo, SENTENCE), correct, 0.5)


@pytest.mark.parametrize("gain", [0.1, 0.5])
def test_level_changes_little(engine, correct, gain):
    samples, rate_hz = sf.read(ASSETS / "correct.flac", dtype="float32")

    near(assess(engine, Clip(samples=gain * samples, sample_rate_hz=rate_hz), SENTENCE), correct, 0.5)


def test_both_answers_at_once_are_the_two_and_the_clip_is_encoded_once(engine, correct, monkeypatch):
    utterance = Utterance(id="a", audio=ASSETS / "correct.flac", text=SENTENCE)
    encoded = []
    encode = AcousticModel.__call__
    monkeypatch.setattr(AcousticModel, "__call__", lambda *a: encoded.append(1) or encode(*a))
    assert isinstance(engine, OnePassAssessor)
    ((assessment, phones),) = engine.assess_and_recognise([utterance])
    assert len(encoded) == 1
    assert assessment == correct
    assert engine.recognise([utterance]) == [phones]


def test_a_batch_is_its_clips(engine, correct, mispronounced):
    found = engine.assess(
        [
            Utterance(id="a", audio=ASSETS / "correct.flac", text=SENTENCE),
            Utterance(id="a", audio=ASSETS / "mispronounced.flac", text=FRIEND),
        ]
    )
    assert found == [correct, mispronounced]
    assert engine.assess([]) == []


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("text", [None, SENTENCE])
def test_noise_is_no_speech(engine, seed, text):
    samples = 0.05 * np.random.default_rng(seed).standard_normal(3 * 16_000)
    with pytest.raises(NoSpeechError, match="no speech was found"):
        assess(engine, Clip(samples=samples, sample_rate_hz=16_000), text)


@pytest.mark.parametrize("text", [None, "a", SENTENCE])
def test_a_tone_is_no_speech(engine, tone, text):
    with pytest.raises(NoSpeechError):
        assess(engine, Clip(samples=tone(1.5), sample_rate_hz=16_000), text)


def test_the_shortest_clip_and_a_single_word_are_assessed(engine, correct):
    samples, rate_hz = sf.read(ASSETS / "correct.flac", dtype="float32")
    word = by_text(correct)["weather"]
    piece = samples[round(word.start_s * rate_hz) :][: round(0.3 * rate_hz)]
    for text in (None, "weather"):
        expect_sound(assess(engine, Clip(samples=piece, sample_rate_hz=rate_hz), text))


@pytest.mark.parametrize("text", ["i", "the", "is"])
def test_one_short_word_alone_is_speech(engine, correct, text):
    samples, rate_hz = sf.read(ASSETS / "correct.flac", dtype="float32")
    word = by_text(correct)[text]
    edge = np.zeros(rate_hz // 4, dtype=np.float32)
    said = samples[round((word.start_s - 0.02) * rate_hz) : round((word.end_s + 0.02) * rate_hz)]
    alone = Clip(samples=np.concatenate((edge, said, edge)), sample_rate_hz=rate_hz)
    assert [found.text for found in assess(engine, alone, text).words] == [text]


def test_silence_around_a_reading_changes_no_score(engine, correct):
    samples, rate_hz = sf.read(ASSETS / "correct.flac", dtype="float32")
    silence = np.zeros(3 * rate_hz, dtype=np.float32)
    padded = Clip(samples=np.concatenate((silence, samples, silence)), sample_rate_hz=rate_hz)
    found = assess(engine, padded, SENTENCE)
    for aspect in ASPECTS:
        assert getattr(found, aspect).value == pytest.approx(getattr(correct, aspect).value, abs=0.2)


def test_a_long_gap_costs_fluency_and_not_accuracy(engine, correct):
    samples, rate_hz = sf.read(ASSETS / "correct.flac", dtype="float32")
    at = round(by_text(correct)["weather"].end_s * rate_hz)
    gap = np.zeros(4 * rate_hz, dtype=np.float32)
    clip = Clip(samples=np.concatenate((samples[:at], gap, samples[at:])), sample_rate_hz=rate_hz)
    found = assess(engine, clip, SENTENCE)
    assert found.fluency.value < correct.fluency.value - 1
    assert found.accuracy.value == pytest.approx(correct.accuracy.value, abs=0.5)
    assert max(pause.end_s - pause.start_s for pause in found.pauses) > 3.5


def test_a_reading_of_several_phrases_scores_like_its_phrases(engine, correct):
    samples, rate_hz = sf.read(ASSETS / "correct.flac", dtype="float32")
    pause = np.zeros(rate_hz // 2, dtype=np.float32)
    clip = Clip(samples=np.concatenate([samples, pause] * 6), sample_rate_hz=rate_hz)
    found = assess(engine, clip, " ".join([SENTENCE] * 6))
    for aspect in ASPECTS:
        assert getattr(found, aspect).value == pytest.approx(getattr(correct, aspect).value, abs=0.4)


def test_a_word_that_was_not_said_is_an_omission(engine):
    found = assess(engine, ASSETS / "correct.flac", "I think the beautiful weather is nice today.")
    expect_sound(found)
    assert [word.text for word in found.words if word.error == "omission"] == ["beautiful"]
    assert found.completeness.value == pytest.approx(8.75)


def test_two_clicks_are_no_speech(engine):
    samples = 1e-3 * np.random.default_rng(0).standard_normal(3 * 16_000)
    for at in (16_000, 22_000):
        samples[at : at + 80] += 0.6 * np.hanning(80) * np.cos(np.arange(80))
    with pytest.raises(NoSpeechError):
        assess(engine, Clip(samples=samples, sample_rate_hz=16_000), SENTENCE)


def test_words_beyond_the_text_are_insertions(engine):
    found = assess(engine, ASSETS / "correct.flac", "I think the weather today.")
    assert found.words[3].inserted, "IH Z N AY S after 'weather'"
    assert [word.error for word in found.words] == ["none"] * 5


def test_a_clip_longer_than_the_encoder_sees_at_once_is_assessed(engine):
    """Twenty seconds: more than the encoder sees at once."""
    samples, rate_hz = sf.read(ASSETS / "correct.flac", dtype="float32")
    times = int(np.ceil(20 * rate_hz / len(samples)))
    found = assess(
        engine, Clip(samples=np.tile(samples, times), sample_rate_hz=rate_hz), " ".join([SENTENCE] * times)
    )

    expect_sound(found)
    one_s = len(samples) / rate_hz
    starts = [word.start_s for word in found.words if word.text.lower() == "weather"]
    np.testing.assert_allclose(np.diff(starts), one_s, atol=0.1)


# --------------------------------------------------------------------------------------------- mistakes


def test_silence_is_refused(engine):
    with pytest.raises(AudioSilentError):
        assess(engine, Clip(samples=np.zeros(16_000), sample_rate_hz=16_000), SENTENCE)


def test_more_phones_than_the_clip_can_hold(engine):
    samples, rate_hz = sf.read(ASSETS / "correct.flac", dtype="float32")
    with pytest.raises(TextTooLongError, match=r"a: the text has \d+ phones.* 0\.5 s"):
        assess(engine, Clip(samples=samples[: rate_hz // 2], sample_rate_hz=rate_hz), SENTENCE)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", TextEmptyError),
        ("I think 你好 the weather", TextUnknownWordsError),
        ("I think{TH IQ} so", PronunciationError),
    ],
)
def test_a_text_that_cannot_be_read(engine, text, error):
    with pytest.raises(error):
        assess(engine, ASSETS / "correct.flac", text)


def test_a_model_that_is_not_there(tmp_path):
    with pytest.raises(ModelNotFoundError, match="no such model"):
        load_assessor(tmp_path)


# ---------------------------------------------------------------------------------------------- package


def test_the_weights_are_small_and_have_a_card(engine):
    folder: Path = packaged_weights()

    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < MOST_BYTES
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "enunciate." not in card, "the card has gaps"
    for topic in ("CC BY 4.0", "Mandarin", "children", "not for"):
        assert topic.lower() in card.lower(), topic


def test_nothing_is_noted_on_this_machine_to_be_sent_elsewhere(tmp_path):
    """ONNX Runtime's telemetry would make itself an id and a database in the cache folder."""
    code = "from enunciate import load_assessor; load_assessor('pocket')"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    subprocess.run(
        [sys.executable, "-B", "-c", code],
        env=kept | {"HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY / "src")},
        check=True,
    )
    assert list(tmp_path.iterdir()) == []
