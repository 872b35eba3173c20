"""The first clip of an engine is speech to it, so that nothing is left to load for the first learner."""

from __future__ import annotations

import numpy as np

from enunciate.engines import load_assessor
from enunciate.errors import NoSpeechError
from enunciate.schema import Clip, Utterance
from enunciate.serve.workers.warm_up import vowels, warm_up


class Engine:
    """Notes what it is given, and refuses it."""

    def __init__(self) -> None:
        self.given: list[Utterance] = []
        self.sizes: list[int] = []

    def assess(self, utterances):
        self.given += utterances
        self.sizes.append(len(utterances))
        raise NoSpeechError("refused")


def test_an_engine_gets_the_clip_without_a_text_and_may_refuse_it():
    engine = Engine()
    warm_up(engine)
    (utterance,) = engine.given
    assert utterance.text is None
    np.testing.assert_array_equal(utterance.audio.samples, vowels())


def test_batches_follow_each_other_though_the_engine_refuses_them():
    engine = Engine()
    warm_up(engine, (1, 3))
    assert engine.sizes == [1, 3]


def test_pocket_hears_speech_in_the_clip():
    clip = Clip(samples=vowels(), sample_rate_hz=16_000)
    (found,) = load_assessor("pocket").assess([Utterance(id="a", audio=clip)])
    assert found.total is not None
    assert "IY" in [phone.phone for phone in found.phones]
