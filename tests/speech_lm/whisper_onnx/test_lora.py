"""Merging by numpy gives the weights that PEFT's merging gives."""

import numpy as np
import pytest
from support.tiny_whisper_lm import tiny_whisper
from support.whisper_folders import save_adapter

from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.whisper_onnx.lora import changes_encoder, merge_adapter

EVERYWHERE = r".*(q_proj|k_proj|v_proj|out_proj|fc1|fc2)"


def base_weights(seed=0):
    return {name: value.numpy() for name, value in tiny_whisper(seed).state_dict().items()}


def assert_same(merged, model):
    for name, value in model.state_dict().items():
        np.testing.assert_allclose(merged[name], value.numpy(), atol=1e-5)


@pytest.mark.parametrize("rank_stabilised", [False, True])
def test_adapter_of_the_decoder(tmp_path, rank_stabilised):
    model = save_adapter(tmp_path, use_rslora=rank_stabilised)

    assert_same(merge_adapter(base_weights(), tmp_path), model)
    assert not changes_encoder(tmp_path)


def test_adapter_of_both_sides(tmp_path):
    model = save_adapter(tmp_path, target_modules=EVERYWHERE)

    assert_same(merge_adapter(base_weights(), tmp_path), model)
    assert changes_encoder(tmp_path)


def test_encoder_that_was_trained_whole_replaces_that_of_the_base(tmp_path):
    model = save_adapter(tmp_path, modules_to_save=["model.encoder"])

    merged = merge_adapter(base_weights(), tmp_path)

    assert_same(merged, model)
    assert not np.array_equal(
        merged["model.encoder.conv1.weight"], base_weights()["model.encoder.conv1.weight"]
    )


def test_adapter_of_another_base_is_refused(tmp_path):
    save_adapter(tmp_path)
    other = {name: value[..., :16] for name, value in base_weights().items()}

    with pytest.raises(ModelNotFoundError, match="take the base that it was trained on"):
        merge_adapter(other, tmp_path)


def test_adapter_without_its_description_is_refused(tmp_path):
    save_adapter(tmp_path)
    (tmp_path / "adapter_config.json").unlink()

    with pytest.raises(ModelNotFoundError, match="take the whole folder"):
        merge_adapter(base_weights(), tmp_path)
