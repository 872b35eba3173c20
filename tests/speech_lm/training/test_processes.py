"""Several processes train what one process trains: torchrun with DDP, and FSDP by accelerate's launcher."""

import json
import socket

import pytest
import torch
from safetensors.torch import load_file
from support.llm_runs import log_of, make_material, run_python, tiny_recipe, write_recipe
from support.paths import RECIPES

from enunciate.errors import RecipeError
from enunciate.speech_lm.training.checks import check_sharding
from enunciate.speech_lm.training.train import train, training_arguments

pytestmark = pytest.mark.slow
WEIGHTS = "adapter_model.safetensors"
STILL = {"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0}
DIE = """
import os, signal, sys
from enunciate.speech_lm.training import trainer
real, calls = trainer.AdapterTrainer.training_step, []
def step(*arguments, **options):
    calls.append(1)
    if len(calls) == 5:  # in the fifth step, after the checkpoint of the fourth
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)
trainer.AdapterTrainer.training_step = step
from enunciate.cli.app import main
main()
"""


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


def torchrun(*arguments, check=True):
    port = f"--master-port={free_port()}"
    return run_python("-m", "torch.distributed.run", "--nproc-per-node=2", port, *arguments, check=check)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="module")
def two(root, tmp_path_factory):
    """A run of two processes with DDP, and its recipe."""
    folder = tmp_path_factory.mktemp("two")
    recipe = tiny_recipe(
        root, folder / "out", accumulation=1, adapter=STILL, best_metric="loss", save_every=2
    )
    torchrun("-m", "enunciate", "train", write_recipe(recipe, folder / "recipe.yaml"))
    return recipe


def test_two_processes_train_what_one_does(root, two, tmp_path):
    one = tiny_recipe(root, tmp_path / "out", accumulation=2, adapter=STILL, best_metric="loss")
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


def test_two_processes_go_on_after_a_kill(root, two, tmp_path):
    recipe = two.model_copy(update={"out": tmp_path / "out"})
    path = write_recipe(recipe, tmp_path / "recipe.yaml")
    (tmp_path / "die.py").write_text(DIE)
    died = torchrun(tmp_path / "die.py", "train", path, check=False)
    assert died.returncode and not (recipe.out / "metrics.json").exists()
    assert (recipe.out / "checkpoints" / "checkpoint-4" / "complete.json").is_file()
    torchrun("-m", "enunciate", "train", path, "--resume")

    assert (recipe.out / WEIGHTS).read_bytes() == (two.out / WEIGHTS).read_bytes()


def test_fsdp_shards_and_saves_the_same_adapter(root, two, tmp_path):
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


def test_trained_control_tokens_are_not_sharded(root, tmp_path, monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    recipe = tiny_recipe(root, tmp_path, prompt={"control": "special"})

    with pytest.raises(RecipeError, match=r"prompt.control.*torchrun"):
        check_sharding(recipe, training_arguments(tiny_recipe(root, tmp_path)))
