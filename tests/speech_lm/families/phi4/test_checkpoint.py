"""A checkpoint is loaded whole, but for its vision tower, or refused."""

import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from enunciate.errors import EnunciateError
from enunciate.speech_lm.families.phi4.config import full_config
from enunciate.speech_lm.families.phi4.model import VISION, load_base


def test_the_vision_tower_is_not_loaded(checkpoint):
    assert any(re.match(VISION, name) for name in load_file(checkpoint / "model.safetensors"))

    model = load_base(checkpoint, dtype=torch.float32)

    assert not any("image_embed" in name for name in model.state_dict())


@pytest.fixture
def changed(checkpoint, tmp_path):
    """Write a checkpoint whose tensors a function has changed."""

    def change(by) -> Path:
        for path in checkpoint.glob("*.json"):
            shutil.copyfile(path, tmp_path / path.name)
        tensors = load_file(checkpoint / "model.safetensors")
        by(tensors)
        save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
        return tmp_path

    return change


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (lambda t: t.pop("model.norm.weight"), r"1 missing \(model\.norm\.weight\)"),
        (lambda t: t.update({"a.weight": torch.ones(2)}), r"1 unknown \(a\.weight\)"),
        (
            lambda t: t.update({"model.norm.weight": torch.ones(2)}),
            r"of another shape \(model\.norm\.weight\)",
        ),
        (lambda t: [t.pop(name) for name in list(t) if ".layers.1." in name], r"missing \(.*, \.\.\.\)"),
    ],
)
def test_a_checkpoint_that_is_not_whole_is_refused_by_the_names_of_its_tensors(changed, by, message):
    with pytest.raises(EnunciateError, match=message):
        load_base(changed(by), dtype=torch.float32)


def test_a_checkpoint_without_vision_and_without_the_tied_head_is_whole(changed):
    def by(tensors):
        for name in [name for name in tensors if re.match(VISION, name)]:
            del tensors[name]
        tensors.pop("lm_head.weight", None)

    model = load_base(changed(by), dtype=torch.float32)

    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_the_window_is_the_checkpoints():
    assert full_config().sliding_window == 262_144
