"""Adapters: what is trained, all of it and nothing else, is what is saved, loaded and merged."""

import json
import re

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from support.speech_lm_cases import batch_of, randomize, reserved_ids, tiny_base

from enunciate.errors import EnunciateError, ModelNotFoundError
from enunciate.speech_lm.adapter import (
    WEIGHTS_FILE,
    add_adapter,
    load_adapter,
    merged,
    save_adapter,
    trainable,
)
from enunciate.speech_lm.families.phi4.adapter_layout import AUDIO_MODULES, LORA_TARGETS, SPEECH_ADAPTER
from enunciate.speech_lm.families.phi4.config import full_config
from enunciate.speech_lm.families.phi4.masked_audio import audio_encoder
from enunciate.speech_lm.families.phi4.model import load_base, random_base
from enunciate.speech_lm.options import AdapterConfig

LORA = re.compile(rf"base_model\.model\.{LORA_TARGETS}\.lora_[AB]\.default\.weight")
AUDIO = "base_model.model.model.embed_tokens_extend.audio_embed"
HEARING_NAMES = re.compile(
    rf"{re.escape(AUDIO)}\.(encoder|up_proj_for_speech|down_proj_for_speech)\.modules_to_save\.default\..*"
)
TOKENS = "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta.default"
LORA_320, LORA_64, ENCODER, PROJECTOR = 461_373_440, 92_274_688, 441_238_144, 12_589_056


@pytest.fixture
def base(checkpoint):
    return load_base(checkpoint, dtype=torch.float32)


@pytest.fixture(params=["lora", "unfreeze"])
def strategy(request):
    return request.param


@pytest.fixture(params=[[], reserved_ids()[:2]], ids=["text", "special"])
def control(request):
    return request.param


def fresh(strategy="lora", rank=4):
    return AdapterConfig(strategy=strategy, start="fresh", rank=rank, alpha=2 * rank)


def outputs(model):
    with torch.no_grad():
        return model.eval()(**batch_of([90, 200], [5, 9])).logits


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "lora", "hearing"),
    [
        (AdapterConfig(), LORA_320, 0),
        (fresh(rank=64), LORA_64, 0),
        (AdapterConfig(strategy="unfreeze"), LORA_320, ENCODER + PROJECTOR),
        (fresh("unfreeze", rank=64), LORA_64, ENCODER + PROJECTOR),
    ],
    ids=["lora", "lora 64", "unfreeze", "unfreeze 64"],
)
def test_sizes_of_what_is_trained_at_full_size(config, lora, hearing):
    model = add_adapter(random_base(full_config(), torch.bfloat16, "meta"), config)
    sizes = trainable(model)

    assert sum(size for name, size in sizes.items() if LORA.fullmatch(name)) == lora
    assert sum(size for name, size in sizes.items() if HEARING_NAMES.fullmatch(name)) == hearing
    encoder = sum(size for name, size in sizes.items() if name.startswith(f"{AUDIO}.encoder."))
    assert encoder == (ENCODER if hearing else 0)
    assert sum(sizes.values()) == lora + hearing
    assert sum(p.numel() for p in model.parameters()) == 4_302_438_016 + lora, "no second copy"


def test_names_of_what_is_trained(base, strategy, control):
    sizes = trainable(add_adapter(base, fresh(strategy), control))

    kinds = {
        "lora": [name for name in sizes if LORA.fullmatch(name)],
        "hearing": [name for name in sizes if HEARING_NAMES.fullmatch(name)],
        "tokens": [name for name in sizes if name == TOKENS],
    }
    assert sum(map(len, kinds.values())) == len(sizes)
    assert len(kinds["lora"]) == 2 * 4 * 2, "A and B, four matrices, two layers"
    assert bool(kinds["hearing"]) == (strategy == "unfreeze")
    if control:
        assert sizes[TOKENS] == 2 * base.config.hidden_size
    assert bool(kinds["tokens"]) == bool(control)
    if strategy == "unfreeze":
        found = {name.split(".modules_to_save.")[0] for name in kinds["hearing"]}
        assert len(found) == 3 and all(any(name.endswith(part) for part in AUDIO_MODULES) for name in found)
        encoder = [name for name in kinds["hearing"] if f"{AUDIO}.encoder." in name]
        assert len(encoder) == len(list(audio_encoder(base).parameters()))


def test_the_speech_adapter_is_gone_on_from(checkpoint, base, strategy, control):
    model = add_adapter(base, AdapterConfig(strategy=strategy, rank=99), control)
    saved = load_file(checkpoint / SPEECH_ADAPTER / WEIGHTS_FILE)
    now = {name: value for name, value in model.named_parameters() if LORA.fullmatch(name)}

    assert len(saved) == len(now)
    for name, value in saved.items():
        there = now[name.replace(".weight", ".default.weight")]
        assert torch.equal(there, value) and there.requires_grad
    settings = model.peft_config["default"]
    assert (settings.r, settings.lora_alpha, settings.lora_dropout) == (4, 8, 0.01)
    reference = PeftModel.from_pretrained(tiny_base(), checkpoint / SPEECH_ADAPTER)
    assert torch.equal(outputs(model), outputs(reference))


def test_a_base_without_a_speech_adapter_is_refused(tmp_path):
    with pytest.raises(ModelNotFoundError, match="start: fresh"):
        add_adapter(tiny_base(), AdapterConfig())
    tiny_base().save_pretrained(tmp_path)
    with pytest.raises(ModelNotFoundError, match=re.escape(str(tmp_path))):
        add_adapter(load_base(tmp_path), AdapterConfig())


def test_what_was_trained_is_saved_loaded_and_merged(checkpoint, base, strategy, control, tmp_path):
    before = {name: value.clone() for name, value in base.state_dict().items()}
    model = add_adapter(base, fresh(strategy), control).train()
    randomize(model)
    start = {name: model.get_parameter(name).detach().clone() for name in trainable(model)}
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-2)
    model(**batch_of([90, 200], [5, 9])).loss.backward()
    optimizer.step()
    save_adapter(model, tmp_path)
    expected = outputs(model)

    loaded = load_adapter(load_base(checkpoint, dtype=torch.float32), tmp_path, trainable=False)

    assert trainable(loaded) == {} and not loaded.training
    assert set(trainable(model)) == set(start)
    for name, value in start.items():
        assert torch.equal(loaded.get_parameter(name), model.get_parameter(name)), name
        assert not torch.equal(loaded.get_parameter(name), value), f"{name} was not trained"
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in model.state_dict().items())
    assert torch.equal(outputs(loaded), expected)

    whole = merged(loaded)
    torch.testing.assert_close(outputs(whole), expected, atol=1e-4, rtol=1e-4)
    assert whole.state_dict().keys() == before.keys()
    assert whole.lm_head.weight is whole.model.embed_tokens.weight
    for name, value in whole.state_dict().items():
        if not re.search(
            r"model\.layers\.|audio_embed\.(encoder|(up|down)_proj_for_speech)|embed_tokens\.|lm_head", name
        ):
            assert torch.equal(value, before[name]), f"{name} was not to be trained"


def test_only_the_rows_of_control_tokens_change_and_the_output_layer_follows(checkpoint, base):
    control = reserved_ids()[:2]
    model = add_adapter(base, fresh(), control)
    randomize(model)
    old, inner = tiny_base().model.embed_tokens.weight, model.get_base_model()

    for weight in (inner.model.embed_tokens.weight, inner.lm_head.weight):
        changed = (weight != old).any(dim=1).nonzero().flatten().tolist()
        assert changed == control
    whole = merged(model)
    assert torch.equal(whole.model.embed_tokens.weight[control], whole.lm_head.weight[control])
    assert (whole.lm_head.weight != old).any(dim=1).nonzero().flatten().tolist() == control


def test_an_adapter_can_be_trained_on(checkpoint, base, strategy, control, tmp_path):
    model = add_adapter(base, fresh(strategy), control)
    randomize(model)
    save_adapter(model, tmp_path / "one")

    again = load_adapter(load_base(checkpoint, dtype=torch.float32), tmp_path / "one", trainable=True)
    save_adapter(again, tmp_path / "two")

    assert trainable(again) == trainable(model)
    one, two = (load_file(tmp_path / name / WEIGHTS_FILE) for name in ("one", "two"))
    assert one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_the_folder_is_one_that_peft_itself_loads(checkpoint, base, strategy, control, tmp_path):
    model = add_adapter(base, fresh(strategy), control)
    randomize(model)
    save_adapter(model, tmp_path)

    theirs = PeftModel.from_pretrained(load_base(checkpoint, dtype=torch.float32), tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter_config.json", WEIGHTS_FILE]
    assert torch.equal(outputs(theirs), outputs(model))
    assert json.loads((tmp_path / "adapter_config.json").read_text())["base_model_name_or_path"] == str(
        checkpoint
    )


def test_what_is_trained_is_float32_on_a_bfloat16_base_and_merges_into_bfloat16(
    checkpoint, strategy, tmp_path
):
    base = load_base(checkpoint)
    model = add_adapter(base, fresh(strategy), reserved_ids()[:2]).train()
    assert {p.dtype for p in model.parameters() if p.requires_grad} == {torch.float32}
    randomize(model)
    with torch.autocast("cpu", torch.bfloat16):
        model(**batch_of([90, 200], [5, 9])).loss.backward()
    assert all(p.grad.isfinite().all() and p.grad.any() for p in model.parameters() if p.requires_grad)

    save_adapter(model, tmp_path)
    loaded = load_adapter(load_base(checkpoint), tmp_path, trainable=False)
    assert torch.equal(outputs(loaded), outputs(model))

    whole = merged(loaded)
    assert {p.dtype for p in whole.parameters()} == {torch.bfloat16}
    assert whole.model.rotary_emb.inv_freq.dtype == torch.float32
    torch.testing.assert_close(outputs(whole), outputs(model), atol=0.3, rtol=0.1)


def test_only_safetensors_are_read(base, tmp_path):
    save_adapter(add_adapter(base, fresh()), tmp_path)
    (tmp_path / WEIGHTS_FILE).rename(tmp_path / "adapter_model.bin")
    with pytest.raises(ModelNotFoundError, match=r"adapter_model\.safetensors is missing"):
        load_adapter(tiny_base(), tmp_path, trainable=False)


def test_a_folder_without_an_adapter_is_named(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"no adapter in it: adapter_config\.json"):
        load_adapter(tiny_base(), tmp_path / "nowhere", trainable=False)


@pytest.mark.parametrize("text", ["{", "{}", '{"peft_type": "IA3"}', "[]"])
def test_a_broken_or_foreign_configuration_is_named(base, tmp_path, text):
    save_adapter(add_adapter(base, fresh()), tmp_path)
    (tmp_path / "adapter_config.json").write_text(text)
    with pytest.raises(EnunciateError, match=r"adapter_config\.json"):
        load_adapter(tiny_base(), tmp_path, trainable=False)


@pytest.mark.parametrize("change", ["missing", "unknown", "shape"])
def test_an_adapter_that_does_not_fit_is_refused(base, strategy, tmp_path, change):
    save_adapter(add_adapter(base, fresh(strategy)), tmp_path)
    weights = load_file(tmp_path / WEIGHTS_FILE)
    name = sorted(weights)[0]
    value = weights.pop(name)
    weights |= {"missing": {}, "unknown": {name: value, "x": value.clone()}, "shape": {name: value[:1]}}[
        change
    ]
    save_file(weights, tmp_path / WEIGHTS_FILE)
    with pytest.raises(EnunciateError, match="does not fit this model: 1 of"):
        load_adapter(tiny_base(), tmp_path, trainable=False)


def test_an_unfrozen_part_cannot_be_switched_back(base):
    model = add_adapter(base, fresh("unfreeze"))
    with model.disable_adapter(), pytest.raises(AttributeError, match="ReplacedByTrained"):
        outputs(model)
