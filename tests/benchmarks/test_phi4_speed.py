"""The measurements of Phi-4-multimodal's speed run in small, and check what they measure."""

import json

import pytest
from support.paths import REPOSITORY
from support.speech_lm_runs import run_python

pytestmark = pytest.mark.slow


def lines_of(script, *options):
    done = run_python(REPOSITORY / "benchmarks" / script, "--tiny", "--device", "cpu", *options)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("strategy", ["lora", "unfreeze"])
def test_training_gives_the_plain_loss_and_gradients_in_every_way(strategy, tmp_path):
    rows = ("plain", "ours", "ours, bf16_lora", "ours, micro-batch x4", "ours, encode_once", "ours, join_to")
    lines = lines_of("train_throughput.py", "--strategy", strategy, "--only", *rows)
    checks = [line for line in lines if line["event"] == "check"]

    assert len(checks) == (5 if strategy == "lora" else 4), "an encoder that is trained is not computed once"
    assert all(line["same"] for line in checks)
    rows = {line["name"]: line for line in lines if line["event"] == "row"}
    assert all(row["examples_per_s"] > 0 for row in rows.values())
    assert rows["plain"]["host_looks"] > 0
    assert all(row["host_looks"] == 0 for name, row in rows.items() if name != "plain")


def test_so_it_does_where_an_instruction_before_the_audio_is_computed_once():
    rows = ("plain, instruction first", "ours, instruction first", "plain", "ours")
    lines = lines_of("train_throughput.py", "--only", *rows)
    checks = [line for line in lines if line["event"] == "check"]
    losses = {line["name"]: line["loss"] for line in lines if line["event"] == "row"}

    assert [line["name"] for line in checks] == ["ours, instruction first", "ours"]
    assert all(line["same"] for line in checks)
    assert losses["plain"] != losses["plain, instruction first"], "the examples are others"


def test_static_passes_answer_as_the_plain_loop_does():
    lines = lines_of("decode_latency.py")
    (check,) = [line for line in lines if line["event"] == "check"]
    rows = [(line["name"], line["batch"]) for line in lines if line["event"] == "row"]

    assert check["same"]
    assert rows == [("generate", 1), *((name, n) for name in ("plain loop", "static") for n in (1, 3))]
    assert all(line["both_ms"] > 0 for line in lines if line["event"] == "row")
