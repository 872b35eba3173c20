"""A model whose weights are rounded to 8 bits takes less memory, and answers nearly the same.

The tiny models have random weights and widths of 16 to 64, which rounding tells on most; the tolerances are
twice of what was found.
"""

import io
import sys

import numpy as np
import pytest
import torch
from support.speech_lm_cases import clip, enlarge, spoken_clip, tiny_base, tokenizer
from support.whisper_folders import save_base

from enunciate.engines import load_assessor
from enunciate.errors import DeviceError, MissingExtraError, ModelNotFoundError
from enunciate.schema import ASPECTS, Clip, Utterance
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.families.phi4.processor import Phi4Processor
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.options import TASKS, PromptConfig
from enunciate.speech_lm.small_weights import to_int8

ITEMS = [(clip(seconds, seed), None) for seed, seconds in enumerate((0.2, 0.5, 0.11, 0.3, 0.9))]


@pytest.fixture(params=["phi4", "whisper"])
def loaded(request, tmp_path):
    if request.param == "phi4":
        return tiny_base(), Phi4Processor(tokenizer())
    folder, family = save_base(tmp_path / "base"), family_named("whisper")
    base, processor = family.load(folder, dtype=torch.float32), family.processor(str(folder), None, "text")
    family.fit_vocabulary(base, processor)
    return enlarge(base).eval(), processor


class Layers(torch.nn.Module):
    """Two layers of a million weights, the second of which is the output layer."""

    def __init__(self):
        super().__init__()
        self.inner, self.outer = torch.nn.Linear(1000, 1000), torch.nn.Linear(1000, 1000)

    def get_output_embeddings(self):
        return self.outer


def test_a_rounded_weight_takes_a_byte():
    model, sizes = Layers(), []
    for change in (lambda _: None, to_int8):
        change(model)
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        sizes.append(file.tell() / 1e6)
    assert sizes == pytest.approx([8, 5], abs=0.1)


@pytest.mark.parametrize("static", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_scores_are_nearly_the_same_with_weights_in_8_bits(loaded, static):
    model, processor = loaded
    decoder = Decoder(model, processor, PromptConfig(rubric=False), paths=5, static=static)
    full, whole = decoder.decode_tasks(TASKS, ITEMS), decoder
    linear = [module for module in model.modules() if type(module) is torch.nn.Linear]
    weights = [module.weight.detach().clone() for module in linear]
    to_int8(model)
    rounded = whole.of_model(model, static=static).decode_tasks(TASKS, ITEMS)

    kept = 0
    for module, before in zip(linear, weights, strict=True):
        after = torch.nn.functional.linear(torch.eye(before.shape[1]), module.weight).T
        kept += torch.equal(after, before)
        assert (after - before).abs().max() <= before.abs().max() / 127
    assert kept == 1, "the output layer"
    differences = [
        np.abs(np.subtract(a.distributions[aspect], b.distributions[aspect])).max()
        for a, b in zip(full["apa"], rounded["apa"], strict=True)
        for aspect in ASPECTS
    ]
    assert 0 < max(differences) < 0.1
    assert all(answer.answer is not None for answer in rounded["mdd"])


@pytest.mark.slow
def test_an_engine_is_asked_for_with_its_weights(tiny_adapter, checkpoint):
    given = [Utterance(id="a", audio=Clip(samples=spoken_clip(0.6), sample_rate_hz=16_000), text="Yes")]
    for folder in (tiny_adapter, checkpoint):
        full, rounded = load_assessor(folder), load_assessor(folder, weights="int8")
        assert rounded.name == f"{full.name}, int8"
        assert rounded.assess(given)[0].id == "a"
    with pytest.raises(ModelNotFoundError, match="weights"):
        load_assessor("pocket", weights="int8")


def test_weights_in_4_bits_are_refused_without_a_gpu(tiny_adapter):
    with pytest.raises(DeviceError, match="NVIDIA GPU"):
        load_assessor(tiny_adapter, weights="int4")


def test_the_package_that_rounds_is_told_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchao", None)
    monkeypatch.setitem(sys.modules, "torchao.quantization", None)
    with pytest.raises(MissingExtraError, match=r"torchao.*enunciate\[int8\]"):
        to_int8(tiny_base())
