"""Several processes train what one process trains: torchrun with DDP, and FSDP by accelerate's launcher."""

import json
import socket

import pytest
import torch
from safetensors.torch import load_file
from support.paths import RECIPES, REPOSITORY
from support.speech_lm_runs import log_of, run_python, tiny_recipe, write_recipe

from enunciate.errors import RecipeError
from enunciate.speech_lm.training.checks import check_sharding
from enunciate.speech_lm.training.train import train

pytestmark = pytest.mark.slow
WEIGHTS = "adapter_model.safetensors"
STILL = {"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0}
SHARD = """
from accelerate import state
from accelerate.utils import DistributedType

real = state.PartialState.__init__
def init(self, *arguments, **options):
    real(self, *arguments, **options)
    if self.distributed_type == DistributedType.MULTI_CPU:  # which accelerate would not let shard
        self.distributed_type = DistributedType.MULTI_GPU
state.PartialState.__init__ = init
from enunciate.cli.app import main
main()
"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def runs(material, tmp_path_factory):
    """Runs of two processes with DDP: one without interruption, one that was killed and resumed."""
    folder = tmp_path_factory.mktemp("two")
    whole = tiny_recipe(
        material, folder / "whole", accumulation=1, adapter=STILL, best_metric="loss", save_every=2
    )
    resumed = whole.model_copy(update={"out": folder / "resumed"})
    paths = [str(write_recipe(recipe, folder / f"{recipe.out.name}.yaml")) for recipe in (whole, resumed)]
    steps = {
        "whole": {"arguments": ["train", paths[0]]},
        # in the fifth step, after the checkpoint of the fourth
        "killed": {
            "arguments": ["train", paths[1]],
            "dies_at": 5,
            "leaves": str(resumed.out / "checkpoints" / "checkpoint-4" / "complete.json"),
        },
        "resumed": {"arguments": ["train", paths[1], "--resume"]},
    }
    files = [folder / f"{name}.json" for name in steps]
    for file, step in zip(files, steps.values(), strict=True):
        file.write_text(json.dumps(step))
    run_python(REPOSITORY / "tests" / "support" / "elastic_launch.py", *files)
    return whole, resumed


@pytest.fixture(scope="module")
def two(runs):
    """The recipe of the uninterrupted run of two processes."""
    return runs[0]


def test_two_processes_train_what_one_does(material, two, tmp_path):
    one = tiny_recipe(material, tmp_path / "out", accumulation=2, adapter=STILL, best_metric="loss")
    metrics = train(one)
    other = json.loads((two.out / "metrics.json").read_text())

    assert [line["step"] for line in log_of(two.out, "loss")] == [1, 2, 3, 4, 5, 6]
    for key in ("loss", "grad_norm"):
        first, second = ([line[key] for line in log_of(out, key)] for out in (one.out, two.out))
        assert second == pytest.approx(first, rel=1e-4)
    assert other == pytest.approx(metrics, rel=1e-4)
    alone, together = load_file(one.out / WEIGHTS), load_file(two.out / WEIGHTS)
    assert alone.keys() == together.keys()
    for name, tensor in alone.items():
        torch.testing.assert_close(together[name], tensor, atol=3e-5, rtol=1e-3)


def test_two_processes_with_working_copies_train_what_one_does(material, tmp_path):
    """The copies are rounded alike; only the order in which gradients are added differs."""
    given = {"precision": "bf16", "bf16_lora": True, "adapter": STILL, "best_metric": "loss", "max_steps": 4}
    one = tiny_recipe(material, tmp_path / "one", accumulation=2, **given)
    two = tiny_recipe(material, tmp_path / "two", accumulation=1, **given)
    train(one)
    run_python(
        "-m", "torch.distributed.run", "--nproc_per_node=2", f"--master_port={free_port()}",
        "-m", "enunciate", "train", write_recipe(two, tmp_path / "recipe.yaml"),
    )  # fmt: skip

    for key in ("loss", "grad_norm"):
        first, second = ([line[key] for line in log_of(out, key)] for out in (one.out, two.out))
        assert second == pytest.approx(first, rel=1e-3)
    alone, together = load_file(one.out / WEIGHTS), load_file(two.out / WEIGHTS)
    for name, tensor in alone.items():
        torch.testing.assert_close(together[name], tensor, atol=3e-5, rtol=1e-3)


def test_two_processes_resume_after_a_kill_to_the_same_adapter(runs):
    whole, resumed = runs

    assert [line["step"] for line in log_of(resumed.out, "loss")] == [1, 2, 3, 4, 5, 6]
    assert (resumed.out / WEIGHTS).read_bytes() == (whole.out / WEIGHTS).read_bytes()


def test_fsdp_shards_and_saves_the_same_adapter(material, two, tmp_path):
    """On processors, with the settings that ship for GPUs but for the device."""
    recipe = two.model_copy(update={"out": tmp_path / "out"})
    settings = (RECIPES / "accelerate" / "fsdp.yaml").read_text()
    config = tmp_path / "fsdp.yaml"
    config.write_text(settings.replace("use_cpu: false", "use_cpu: true").replace("bf16", "'no'"))
    (tmp_path / "shard.py").write_text(SHARD)
    path = write_recipe(recipe, tmp_path / "recipe.yaml")
    run_python(
        "-m", "accelerate.commands.launch", f"--config_file={config}", "--num_processes=2",
        f"--main_process_port={free_port()}", tmp_path / "shard.py", "train", path,
    )  # fmt: skip

    parts = {part.name for part in (recipe.out / "checkpoints" / "checkpoint-6").iterdir()}
    assert {"pytorch_model_fsdp_0", "optimizer_0", "complete.json"} <= parts, "it was sharded"
    assert log_of(recipe.out, "eval_loss")[-1]["eval_per"] == log_of(two.out, "eval_loss")[-1]["eval_per"]
    replicated, sharded = load_file(two.out / WEIGHTS), load_file(recipe.out / WEIGHTS)
    assert replicated.keys() == sharded.keys()
    for name, tensor in replicated.items():
        torch.testing.assert_close(sharded[name], tensor, atol=3e-5, rtol=1e-3)


def test_trained_control_tokens_are_not_sharded(material, tmp_path, monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    recipe = tiny_recipe(material, tmp_path, prompt={"control": "special"})

    with pytest.raises(RecipeError, match=r"prompt.control.*torchrun"):
        check_sharding(recipe)
