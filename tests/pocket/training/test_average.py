"""Finished engines are averaged into one, and the mean is calibrated."""

import json
import shutil

import pytest
from support.paths import ASSETS
from support.tone_corpus import make_corpus

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import EnunciateError
from enunciate.pocket.assessor import PocketAssessor, packaged_weights
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.training.average import average, calibrate_engine
from enunciate.pocket.training.predictions import load_predictions
from enunciate.pocket.training.runtime_predictions import predict_utterances
from enunciate.pocket.weights_folder import CALIBRATION
from enunciate.schema import Utterance
from enunciate.training.speaker_split import HELD_OUT

READING = Utterance(id="a", audio=ASSETS / "correct.flac", text="I think the weather is nice today.")


@pytest.fixture
def corpus(tmp_path):
    return make_corpus(tmp_path / "corpus", {"train": 2, "test": 1}, clips_each=2)


@pytest.fixture
def engine(tmp_path):
    return made(tmp_path / "engine", [])


def made(folder, held_out):
    shutil.copytree(packaged_weights(), folder)
    (folder / HELD_OUT).write_text(json.dumps(held_out))
    return folder


@pytest.mark.slow
def test_the_mean_of_an_engine_with_itself_scores_as_it_does(engine, tmp_path):
    average([engine, engine], [2, 1], tmp_path / "mean")
    shutil.copy(engine / CALIBRATION, tmp_path / "mean")

    (before,), (after,) = (PocketAssessor(folder).assess([READING]) for folder in (engine, tmp_path / "mean"))

    assert after.total.value == pytest.approx(before.total.value, abs=1e-3)
    assert [phone.heard for phone in after.phones] == [phone.heard for phone in before.phones]


def test_the_mean_predicts_what_was_held_out_and_is_calibrated_with_it(corpus, tmp_path):
    held = [utterance.id for utterance in load_corpus(corpus, "train")]
    folder = made(tmp_path / "engine", held)
    before = (folder / CALIBRATION).read_text()

    calibrate_engine(folder, corpus)

    assert {one.id for one in load_predictions(folder / "predictions.npz")} <= set(held)
    assert (folder / CALIBRATION).read_text() != before
    Calibration.model_validate_json((folder / CALIBRATION).read_text())

    other = made(tmp_path / "other", [])
    calibrate_engine(other, corpus, calibrate_with=[folder])
    assert (other / CALIBRATION).read_text() == (folder / CALIBRATION).read_text()
    assert not (other / "predictions.npz").exists(), "it has held nobody out"


@pytest.mark.slow
def test_predictions_are_those_of_the_engine_before_its_scale(engine):
    (one,) = predict_utterances(engine, [READING])
    (whole,) = PocketAssessor(engine).assess([READING])

    assert len(one.phone) == len(one.wrong) == len(one.start) == len(whole.phones)
    assert len(one.word) == len(whole.words)
    scale = Calibration.model_validate_json((engine / CALIBRATION).read_text())
    rescaled = scale.rescaled(one.whole.astype(float), with_reference=True)
    assert rescaled[0] == pytest.approx(whole.accuracy.value, abs=0.01)


def test_clips_that_cannot_be_aligned_are_left_out(engine, caplog):
    long = READING.model_copy(update={"id": "b", "text": "Brown dogs were chasing many children. " * 40})

    assert [one.id for one in predict_utterances(engine, [READING, long])] == ["a"]
    assert "b is left out" in caplog.text


def test_engines_of_different_splits_and_shares_are_refused(engine, tmp_path):
    other = made(tmp_path / "other", ["x"])
    with pytest.raises(EnunciateError, match="other has held out other clips than"):
        average([engine, other], [1, 1], tmp_path / "mean")
    with pytest.raises(EnunciateError, match="a share above 0 for each of the 2 engines"):
        average([engine, engine], [1, 0], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
