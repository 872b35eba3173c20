"""An adapter at a lower rank adds what is nearest to what it added before."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.training.lower_rank import lower_rank

A, B = "layer.q_proj.lora_A.weight", "layer.q_proj.lora_B.weight"
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


@pytest.fixture
def adapter(tmp_path):
    """Rank 8, of which the first two directions carry nearly everything."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    generator = torch.Generator().manual_seed(3)
    strength = torch.tensor([9.0, 5.0, *[0.01] * 6])
    up = torch.linalg.qr(torch.randn(24, 8, generator=generator))[0] * strength
    down = torch.linalg.qr(torch.randn(16, 8, generator=generator))[0].T
    matrices = {A: down.contiguous(), B: up.contiguous(), "layer.bias": torch.ones(3)}
    save_file(matrices, folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps({"r": 8, "lora_alpha": 16}))
    (folder / "recipe.json").write_text("{}")
    return folder


def added(folder):
    weights, config = load_file(folder / WEIGHTS), json.loads((folder / CONFIG).read_text())
    return weights[B] @ weights[A] * config["lora_alpha"] / config["r"]


def test_what_is_added_stays_nearly_the_same(adapter, tmp_path):
    lost = lower_rank(adapter, 2, tmp_path / "small")

    torch.testing.assert_close(added(tmp_path / "small"), added(adapter), atol=0.05, rtol=0)
    assert load_file(tmp_path / "small" / WEIGHTS)[A].shape == (2, 16)
    difference = torch.linalg.norm(added(tmp_path / "small") - added(adapter))
    assert lost == pytest.approx(float(difference / torch.linalg.norm(added(adapter))), rel=1e-2)


def test_no_product_of_the_rank_is_nearer(adapter, tmp_path):
    lower_rank(adapter, 1, tmp_path / "small")

    u, values, v = torch.linalg.svd(added(adapter))
    torch.testing.assert_close(added(tmp_path / "small"), values[0] * u[:, :1] @ v[:1], atol=1e-4, rtol=0)


def test_the_rest_of_the_folder_is_kept(adapter, tmp_path):
    lower_rank(adapter, 4, tmp_path / "small")

    assert (tmp_path / "small" / "recipe.json").read_text() == "{}"
    assert torch.equal(load_file(tmp_path / "small" / WEIGHTS)["layer.bias"], torch.ones(3))


def test_what_cannot_be_lowered_is_told(adapter, tmp_path):
    with pytest.raises(ModelNotFoundError, match="rank 8: give a lower one"):
        lower_rank(adapter, 8, tmp_path / "small")
    with pytest.raises(ModelNotFoundError, match="no LoRA adapter"):
        lower_rank(tmp_path, 2, tmp_path / "small")
    assert not (tmp_path / "small").exists()
