"""A finished engine gets a scale whose top is open to native speakers."""

import shutil

import numpy as np
import pytest
import soundfile as sf
from support.paths import ASSETS

from enunciate.corpus.synthetic.neural_clip import NeuralClip, write_neural
from enunciate.errors import CorpusError
from enunciate.pocket.assessor import PocketAssessor, packaged_weights
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.training.anchor import anchor
from enunciate.pocket.weights_folder import CALIBRATION
from enunciate.schema import Utterance

SENTENCE = "I think the weather is nice today."


@pytest.fixture
def engine(tmp_path):
    return shutil.copytree(packaged_weights(), tmp_path / "engine")


def clip(name, kind):
    samples, _ = sf.read(ASSETS / "correct.flac", dtype="float32")
    return NeuralClip(
        id=name,
        engine="kokoro",
        voice="x",
        kind=kind,
        text=SENTENCE,
        speed=1.0,
        held_out=True,
        words=(),
        said=(),
        samples=np.round(samples * 32_767).astype(np.int16),
    )


@pytest.mark.slow
def test_what_the_engine_says_of_native_readings_becomes_the_score_of_a_native_speaker(engine, tmp_path):
    write_neural([clip("a", "good"), clip("b", "wrong")], tmp_path / "native", "x")
    written = anchor(engine, tmp_path / "native")

    assert written == Calibration.model_validate_json((engine / CALIBRATION).read_text())
    (found,) = PocketAssessor(engine).assess(
        [Utterance(id="a", audio=ASSETS / "correct.flac", text=SENTENCE)]
    )
    assert found.total.value == pytest.approx(9.5, abs=0.03)
    assert anchor(engine, tmp_path / "native") == written, "a second time changes nothing"


def test_a_folder_without_speech_is_refused(engine, tmp_path):
    before = (engine / CALIBRATION).read_bytes()
    with pytest.raises(CorpusError, match="no clips of neural voices"):
        anchor(engine, tmp_path)
    assert (engine / CALIBRATION).read_bytes() == before
