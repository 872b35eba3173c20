"""A model of CTranslate2 has the weights of transformers' model under other names."""

import numpy as np
import pytest
from support.ctranslate2_file import write_ctranslate2
from support.tiny_whisper_lm import ctranslate2_names, tiny_whisper

from enunciate.errors import ModelNotFoundError
from enunciate.whisper_weights.ctranslate2 import read_ctranslate2, transformers_names
from enunciate.whisper_weights.files import read_weights


@pytest.fixture
def state():
    return {name: value.numpy() for name, value in tiny_whisper().state_dict().items()}


def test_every_weight_has_its_name_and_values(tmp_path, state):
    write_ctranslate2(tmp_path / "model.bin", ctranslate2_names(state))

    arrays = read_weights(tmp_path / "model.bin")

    assert set(arrays) == set(state) - {"proj_out.weight"}  # the embeddings
    for name, values in arrays.items():
        np.testing.assert_allclose(values, state[name], atol=2e-3)


def test_safetensors_of_transformers_are_read_as_they_are(tmp_path, state):
    tiny_whisper().save_pretrained(tmp_path)

    arrays = read_weights(tmp_path / "model.safetensors")

    assert set(arrays) == set(state) - {"proj_out.weight"}
    np.testing.assert_array_equal(
        arrays["model.decoder.layers.1.fc2.weight"], state["model.decoder.layers.1.fc2.weight"]
    )


def test_model_that_is_cut_off_is_refused(tmp_path, state):
    path = tmp_path / "model.bin"
    write_ctranslate2(path, ctranslate2_names(state))
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(ValueError, match="cut off"):
        read_ctranslate2(path)
    with pytest.raises(ModelNotFoundError, match="cut off"):
        read_weights(path)


def test_int8_matrices_are_refused_with_advice():
    place = "decoder/layer_0/ffn/linear_0/weight"

    with pytest.raises(ValueError, match="convert the model to float16"):
        transformers_names({place: np.zeros((4, 2), np.int8)})
