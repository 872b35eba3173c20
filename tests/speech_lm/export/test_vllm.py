"""For vLLM an adapter has LoRA matrices on the decoder under the original names, and nothing else."""

import json
import re
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from support.speech_lm_cases import batch_of
from typer.testing import CliRunner

from enunciate.cli.app import app
from enunciate.errors import EnunciateError
from enunciate.speech_lm.adapter import WEIGHTS_FILE
from enunciate.speech_lm.export.vllm import export_for_vllm
from enunciate.speech_lm.families.phi4.model import load_base
from enunciate.speech_lm.loading import read_description
from enunciate.speech_lm.options import AdapterConfig, PromptConfig, TargetConfig

NAME = re.compile(
    r"base_model\.model\.model\.layers\.[01]\."
    r"(self_attn\.(qkv_proj|o_proj)|mlp\.(gate_up_proj|down_proj))\.lora_[AB]\.weight"
)


def test_names_and_configuration_are_those_of_the_original_layout(make_adapter, tmp_path: Path):
    adapter = make_adapter(tmp_path / "adapter")
    export_for_vllm(adapter, tmp_path / "out")

    weights = load_file(tmp_path / "out" / WEIGHTS_FILE)
    assert len(weights) == 16 and all(NAME.fullmatch(name) for name in weights)
    assert {value.dtype for value in weights.values()} == {torch.bfloat16}
    settings = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
    assert settings["target_modules"] == ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]
    assert (settings["r"], settings["lora_alpha"], settings["modules_to_save"]) == (4, 8, None)
    assert read_description(tmp_path / "out") == read_description(adapter)


def test_what_is_written_is_what_was_trained(make_adapter, checkpoint, tmp_path: Path):
    adapter = make_adapter(tmp_path / "adapter")
    export_for_vllm(adapter, tmp_path / "out")
    path = tmp_path / "out" / "adapter_config.json"
    # PEFT would put matrices on the audio encoder, too, where vLLM has modules of other names.
    own = json.loads((adapter / "adapter_config.json").read_text())["target_modules"]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"target_modules": own}))

    one, two = (
        PeftModel.from_pretrained(load_base(checkpoint, dtype=torch.float32), folder)
        for folder in (adapter, tmp_path / "out")
    )

    with torch.no_grad():
        logits = [model.eval()(**batch_of([90], [5])).logits for model in (one, two)]
    torch.testing.assert_close(*logits, atol=0.05, rtol=0.05)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"adapter": AdapterConfig(strategy="unfreeze", start="fresh", rank=4)}, "modules_to_save"),
        ({"prompt": PromptConfig(control="special")}, "control tokens of its own"),
        ({"adapter": AdapterConfig(start="fresh", rank=4, where="both")}, "outside the decoder"),
        ({"adapter": AdapterConfig(start="fresh", rank=513)}, "rank 513 is over 512"),
        ({"target": TargetConfig(scores="apart")}, "hidden numbers"),
    ],
)
def test_what_vllm_would_not_load_is_refused_with_the_reason(make_adapter, tmp_path: Path, values, reason):
    adapter = make_adapter(tmp_path / "adapter", **values)

    with pytest.raises(EnunciateError, match=reason) as caught:
        export_for_vllm(adapter, tmp_path / "out")

    assert "--format merged" in str(caught.value) and not (tmp_path / "out").exists()


def test_an_adapter_of_another_family_is_refused(make_adapter, tmp_path: Path):
    adapter = make_adapter(tmp_path / "adapter")
    (adapter / "recipe.json").write_text('{"kind": "whisper"}')

    with pytest.raises(EnunciateError, match="of the family whisper"):
        export_for_vllm(adapter, tmp_path / "out")


@pytest.mark.parametrize(("rank", "limit"), [(4, 8), (64, 64), (65, 128), (320, 320)])
def test_the_card_has_the_command_with_a_rank_that_vllm_takes(make_adapter, tmp_path: Path, rank, limit):
    adapter = make_adapter(tmp_path / "adapter", adapter=AdapterConfig(start="fresh", rank=rank))

    done = CliRunner().invoke(app, ["export", str(adapter), str(tmp_path / "mine"), "--format", "vllm"])

    assert done.exit_code == 0, done.output
    card = (tmp_path / "mine" / "README.md").read_text()
    assert f"--max-lora-rank {limit} --lora-modules mine={tmp_path / 'mine'}" in card
    assert """--limit-mm-per-prompt '{"audio": 1}'""" in card
    assert "--model openai:mine" in card
