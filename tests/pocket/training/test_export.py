"""ONNX and torch agree, and the int8 encoder is close to them."""

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from support.phrase_cases import TINY, even_phrase, random_heard

from enunciate.pocket.training.export import (
    ENCODER,
    SCORER,
    SCORER_WITHOUT_REFERENCE,
    export_encoder,
    export_pocket,
)
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.options import ModelOptions
from enunciate.pocket.training.scorer import mean_scores

pytestmark = pytest.mark.slow
NAMES = ("ctc", "frame", "sound", "melody")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = PocketModel(ModelOptions(members=1, layers=1), TINY).eval()
    torch.nn.init.normal_(model.encoder.positions)
    return model


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "deeper"
    export_pocket(model, folder)
    return folder


def run(path, inputs):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    arrays = {name: np.asarray(value) for name, value in inputs.items()}
    outputs = session.run(None, arrays)
    return dict(zip([output.name for output in session.get_outputs()], outputs, strict=True))


@torch.no_grad()
@pytest.mark.parametrize("kind", ["whisper", "conformer"])
def test_encoder_of_single_precision_is_that_of_torch_at_any_length(model, tmp_path, kind):
    if kind == "conformer":
        model = PocketModel(ModelOptions(members=1, layers=1), replace(TINY, kind=kind, kernel=7)).eval()
    export_encoder(model.encoder, tmp_path / "encoder.onnx")

    for length in (60, 84):
        mel = torch.randn(1, 80, length)
        expected = model.encoder(mel).log_probabilities()
        outputs = run(tmp_path / "encoder.onnx", {"mel": mel})
        for name in NAMES:
            np.testing.assert_allclose(outputs[name], getattr(expected, name), atol=1e-4)


@torch.no_grad()
def test_int8_encoder_is_close(model, folder):
    mel = torch.randn(1, 80, 60)
    expected = model.encoder(mel).log_probabilities()

    outputs = run(folder / ENCODER, {"mel": mel})

    for name in NAMES:
        values = getattr(expected, name).numpy()
        assert np.corrcoef(outputs[name].ravel(), values.ravel())[0, 1] > 0.99


@torch.no_grad()
@pytest.mark.parametrize("n_phones", [6, 11])
def test_scorer_is_that_of_torch_on_the_scales_of_the_labels(model, folder, n_phones):
    heard = random_heard(1)
    word = [index // 3 for index in range(n_phones)]
    phrase = even_phrase([1 + index * 3 for index in range(n_phones)], word, duration=4, gap=1)
    words = torch.arange(word[-1] + 1)
    expected = mean_scores(model.scorers(heard, phrase, words))

    outputs = run(folder / SCORER, {**vars(heard), **vars(phrase), "word_index": words})

    np.testing.assert_allclose(outputs["phone"], expected.phone * 2, atol=1e-4)
    np.testing.assert_allclose(outputs["wrong"], expected.wrong.sigmoid(), atol=1e-4)
    np.testing.assert_allclose(outputs["word_score"], expected.word * 10, atol=1e-3)
    np.testing.assert_allclose(outputs["whole"], expected.whole * 10, atol=1e-3)


@torch.no_grad()
def test_scorer_without_reference_is_that_of_torch(model, folder):
    heard = random_heard(1)
    inside = torch.ones(1, 60)
    inside[:, 50:] = 0

    outputs = run(folder / SCORER_WITHOUT_REFERENCE, {**vars(heard), "inside": inside})

    np.testing.assert_allclose(outputs["whole"], model.free(heard, inside) * 10, atol=1e-3)


def test_the_files_say_nothing_of_the_machine_that_wrote_them(folder):
    for name in (ENCODER, SCORER, SCORER_WITHOUT_REFERENCE):
        content = (folder / name).read_bytes()
        assert b"site-packages" not in content and b".py" not in content
