"""The speech adapter of a checkpoint, in each layout that it comes in, is the same adapter."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from enunciate.errors import EnunciateError
from enunciate.speech_lm.adapter import WEIGHTS_FILE, add_adapter, load_adapter, merged, save_adapter
from enunciate.speech_lm.families.phi4.adapter_layout import LORA_TARGETS, SPEECH_ADAPTER
from enunciate.speech_lm.families.phi4.model import load_base
from enunciate.speech_lm.loading import load_untouched
from enunciate.speech_lm.options import AdapterConfig

BARE = ["o_proj", "qkv_proj", "gate_up_proj", "down_proj"]
LAYOUTS = {
    "ours": ("base_model.model.", LORA_TARGETS),
    "main's": ("base_model.model.", BARE),
    "the converter's": ("", BARE),
    "the converter's, targets in full": ("", LORA_TARGETS),
}
"""What is before the names of the tensors, and the targets."""


@pytest.fixture(params=LAYOUTS)
def laid_out(request, checkpoint, tmp_path) -> Path:
    """A checkpoint whose speech adapter is in one of the layouts."""
    prefix, targets = LAYOUTS[request.param]
    folder = shutil.copytree(checkpoint, tmp_path / "checkpoint")
    path = folder / SPEECH_ADAPTER / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"target_modules": targets}))
    weights = load_file(folder / SPEECH_ADAPTER / WEIGHTS_FILE)
    assert all(name.startswith("base_model.model.") for name in weights)
    renamed = {prefix + name.removeprefix("base_model.model."): value for name, value in weights.items()}
    save_file(renamed, folder / SPEECH_ADAPTER / WEIGHTS_FILE, metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def expected(checkpoint):
    """The merged weights, by the definition of LoRA."""
    state = load_base(checkpoint, dtype=torch.float32).state_dict()
    weights = load_file(checkpoint / SPEECH_ADAPTER / WEIGHTS_FILE)
    for name in [name for name in weights if ".lora_A." in name]:
        module = name.removeprefix("base_model.model.").partition(".lora_A.")[0]
        update = weights[name.replace("lora_A", "lora_B")] @ weights[name]
        state[f"{module}.weight"] = state[f"{module}.weight"] + 2 * update  # alpha is twice the rank
    return state


def assert_merged(model, expected) -> None:
    found = merged(model).state_dict()
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-6, rtol=1e-5, msg=name)


def test_training_starts_from_it(laid_out, expected):
    assert_merged(add_adapter(load_base(laid_out, dtype=torch.float32), AdapterConfig()), expected)


def test_it_is_loaded_by_itself(laid_out, expected):
    base = load_base(laid_out, dtype=torch.float32)

    assert_merged(load_adapter(base, laid_out / SPEECH_ADAPTER, trainable=False), expected)


def test_what_was_trained_from_it_is_saved_with_names_in_full(laid_out, expected, tmp_path):
    save_adapter(add_adapter(load_base(laid_out, dtype=torch.float32), AdapterConfig()), tmp_path / "out")

    assert (
        json.loads((tmp_path / "out" / "adapter_config.json").read_text())["target_modules"] == LORA_TARGETS
    )
    base = load_base(laid_out, dtype=torch.float32)
    assert_merged(load_adapter(base, tmp_path / "out", trainable=False), expected)


def test_the_untouched_baseline_listens_with_it(laid_out, expected):
    model = load_untouched(str(laid_out))._decoder._model

    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, expected[name], atol=1e-6, rtol=1e-5, msg=name)


def test_one_that_lacks_a_tensor_is_refused_in_every_layout(laid_out):
    path = laid_out / SPEECH_ADAPTER / WEIGHTS_FILE
    weights = load_file(path)
    name = sorted(weights)[0]
    save_file({n: value for n, value in weights.items() if n != name}, path)

    with pytest.raises(EnunciateError, match=rf"1 of 16 .*{name.rpartition('model.')[2]}"):
        load_untouched(str(laid_out))
