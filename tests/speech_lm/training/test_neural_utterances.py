"""Clips of neural voices as utterances with the diagnoses that an annotator would write."""

from dataclasses import replace

import pytest
from support.tone_corpus import make_neural

from enunciate.corpus.labels import heard_phones, whole_scores
from enunciate.corpus.synthetic.neural_clip import read_neural, write_neural
from enunciate.errors import CorpusError
from enunciate.speech_lm.training.neural_utterances import neural_utterance, neural_utterances

WORDS = (("i", ("AY1",)), ("think", ("TH", "IH1", "NG", "K")))


@pytest.fixture
def clip(tmp_path):
    return replace(next(read_neural(make_neural(tmp_path, 1, 0))), words=WORDS, text="I think")


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ((("AY",), ("TH",), ("IH",), ("NG",), ("K",)), "AY TH IH NG K"),
        ((("AY",), ("S",), ("IH",), ("NG",), ("K",)), "AY S IH NG K"),
        (((), ("TH",), ("IH",), ("NG",), ("K", "AH")), "TH IH NG K AH"),
    ],
)
def test_what_was_said_is_heard(clip, said, heard):
    utterance = neural_utterance(replace(clip, said=said))

    assert " ".join(heard_phones(utterance)) == heard
    assert utterance.text == "I think" and whole_scores(utterance) is None
    assert [word.text for word in utterance.words] == ["i", "think"]


def test_clips_that_are_kept_for_tests_are_left_out(clip, tmp_path):
    said = (("AY",), ("TH",), ("IH",), ("NG",), ("K",))
    clips = [replace(clip, id=name, held_out=name == "b", said=said) for name in "abcd"]
    write_neural(clips, tmp_path / "own", "x")

    assert [utterance.id for utterance in neural_utterances(tmp_path / "own")] == ["a", "c", "d"]
    assert [utterance.id for utterance in neural_utterances(tmp_path / "own", 2)] == ["a", "c"]


def test_a_folder_without_clips_is_told(tmp_path):
    with pytest.raises(CorpusError, match="no clips of neural voices"):
        list(neural_utterances(tmp_path))
