"""The mean of adapters that began alike is an adapter of the same kind."""

import pytest
import torch
from safetensors.torch import load_file
from support.speech_lm_runs import tiny_recipe

from enunciate.engines import load_assessor
from enunciate.errors import EnunciateError, ModelNotFoundError
from enunciate.speech_lm.training.average import average
from enunciate.speech_lm.training.train import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
WEIGHTS = "adapter_model.safetensors"
FRESH = {"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0}


@pytest.fixture(scope="module")
def adapters(material, tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapters")
    for seed in (1, 2):
        train(tiny_recipe(material, folder / str(seed), adapter=FRESH, max_steps=1, seed=seed, start_seed=7))
    return [folder / "1", folder / "2"]


def test_every_matrix_is_the_mean(adapters, tmp_path):
    average(adapters, tmp_path)

    one, other, mean = (load_file(folder / WEIGHTS) for folder in (*adapters, tmp_path))
    for name, tensor in mean.items():
        torch.testing.assert_close(tensor, (one[name] + other[name]) / 2)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_it_answers_and_has_no_metrics_of_a_single_run(adapters, tmp_path):
    average(adapters, tmp_path / "mean")

    assert load_assessor(tmp_path / "mean").name.startswith("phi4 mean ")
    names = {file.name for file in (tmp_path / "mean").iterdir()}
    assert "recipe.json" in names and not names & {"metrics.json", "log.jsonl", "answers.jsonl"}
    assert "seed 2" in (tmp_path / "mean" / "README.md").read_text()


def test_adapters_that_do_not_belong_together_are_told(material, adapters, tmp_path):
    train(tiny_recipe(material, tmp_path / "own", adapter=FRESH, max_steps=1))

    with pytest.raises(EnunciateError, match="another recipe"):
        average([adapters[0], tmp_path / "own"], tmp_path / "mean")
    with pytest.raises(EnunciateError, match="start_seed"):
        average([tmp_path / "own", tmp_path / "own"], tmp_path / "mean")
    with pytest.raises(ModelNotFoundError, match="no adapter"):
        average([tmp_path, adapters[0]], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
