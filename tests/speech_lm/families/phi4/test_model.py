"""The model: the checkpoint's size, padding that does not show, recomputed activations, loading."""

import copy
import json

import huggingface_hub
import pytest
import torch
from support.speech_lm_cases import batch_of, features, save_checkpoint, tiny_base, tiny_config, tokenizer
from transformers.models.phi4_multimodal import modeling_phi4_multimodal as native

from enunciate.errors import AudioTooShortError, EnunciateError, ModelNotFoundError
from enunciate.speech_lm.adapter import enable_checkpointing
from enunciate.speech_lm.families.phi4.config import full_config, small_config
from enunciate.speech_lm.families.phi4.hub import HUB_NAME, checkpoint_folder
from enunciate.speech_lm.families.phi4.masked_audio import audio_encoder
from enunciate.speech_lm.families.phi4.model import load_base, prepare, random_base

CLOSE = {"atol": 1e-5, "rtol": 1e-5}


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.fixture(scope="module")
def base():
    return tiny_base()


def test_full_configuration_is_the_checkpoints():
    model = random_base(full_config(), torch.bfloat16, "meta")

    assert count(model) == 4_302_438_016
    assert count(audio_encoder(model)) == 441_238_144
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_small_configuration_is_small():
    ids = {"vocab_size": 1500, "audio_token_id": 4, "pad_token_id": 0, "end_token_id": 1}

    assert count(random_base(small_config(**ids), device="meta")) < 1_000_000


def test_the_same_seed_gives_the_same_weights():
    one, other = (tiny_base(seed=3).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("frames", [1, 7, 8, 9, 16, 17, 123])
def test_a_clip_alone_is_encoded_as_in_transformers(base, frames):
    ours = audio_encoder(base)
    theirs = native.Phi4MultimodalAudioModel(copy.deepcopy(ours.config)).eval()
    theirs.load_state_dict(ours.state_dict())
    clip = features(frames)[None]

    for mask in (None, torch.ones(1, frames, dtype=torch.bool)):
        torch.testing.assert_close(ours(clip, mask), theirs(clip, None), **CLOSE)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("lengths", [[8, 400], [9, 1, 17], [63, 64, 65, 300], [200, 200]])
def test_a_clip_is_encoded_the_same_in_any_batch(base, lengths, attention):
    encoder = audio_encoder(base)
    encoder.config._attn_implementation = attention
    batch = batch_of(lengths, [3] * len(lengths), longer_by=11)
    together = encoder(batch["audio_input_features"], batch["audio_attention_mask"])
    encoder.config._attn_implementation = "sdpa"

    for index, frames in enumerate(lengths):
        alone = encoder(features(frames, index)[None])[0]
        torch.testing.assert_close(together[index, : len(alone)], alone, **CLOSE)


def test_what_is_in_the_padding_does_not_matter(base):
    batch = batch_of([40, 170], [3, 3])
    encoder, heard = audio_encoder(base), batch["audio_attention_mask"]
    noisy = torch.where(heard[..., None], batch["audio_input_features"], torch.nan)

    tokens = encoder(batch["audio_input_features"], heard)[0, :5]

    assert torch.equal(encoder(noisy, heard)[0, :5], tokens)


@torch.no_grad()
def test_hidden_states_and_loss_of_a_clip_are_the_same_in_any_batch(base):
    frames, answers = [90, 333, 9], [4, 12, 7]
    batch = batch_of(frames, answers, longer_by=20)
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    hidden = base.model(**inputs, use_cache=False).last_hidden_state

    losses = []
    for index in range(3):
        alone = batch_of([frames[index]], [answers[index]], seed=index)
        inputs = {name: value for name, value in alone.items() if name != "labels"}
        there = base.model(**inputs, use_cache=False).last_hidden_state[0]
        torch.testing.assert_close(hidden[index, : len(there)], there, **CLOSE)
        losses.append(base(**alone, num_items_in_batch=1).loss)
    torch.testing.assert_close(base(**batch, num_items_in_batch=1).loss, sum(losses), **CLOSE)


def test_clips_of_45_s_and_of_1_5_s_go_in_one_batch(base):
    encoder = audio_encoder(base)
    frames = [4498, 148]
    batch = batch_of(frames, [3, 3])

    together = encoder(batch["audio_input_features"], batch["audio_attention_mask"])

    assert together.shape[1] == 563
    for index in range(2):
        alone = encoder(features(frames[index], index)[None])[0]
        torch.testing.assert_close(together[index, : len(alone)], alone, **CLOSE)


def test_audio_without_a_frame_is_refused(base):
    with pytest.raises(AudioTooShortError, match="25 ms"):
        audio_encoder(base)(torch.zeros(1, 0, 80))


def test_streaming_checkpoints_keep_their_window():
    config = tiny_config()
    config.audio_config.chunk_size, config.audio_config.left_chunk = 4, 1
    encoder = audio_encoder(random_base(config).eval())
    clip, later = features(200), features(200)
    later[100:] += 1

    one, other = encoder(clip[None]), encoder(later[None])

    assert torch.equal(one[:, :8], other[:, :8]) and not torch.allclose(one, other)


def test_checkpointing_recomputes_the_audio_encoder_and_changes_no_gradient():
    model, batch = tiny_base().train(), batch_of([90, 200], [4, 6])
    calls = []
    for layers in (audio_encoder(model).encoders, model.model.layers):
        layers[0].self_attn.register_forward_hook(lambda module, *_: calls.append(type(module).__name__))

    def gradients():
        model.zero_grad()
        model(**batch).loss.backward()
        return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}

    plain = gradients()
    names = ["Phi4MultimodalAudioAttention", "Phi4MultimodalAttention"]
    assert sorted(calls) == sorted(names)
    calls.clear()
    enable_checkpointing(model)
    recomputed = gradients()

    assert sorted(calls) == sorted(names * 2)
    assert plain.keys() == recomputed.keys() and any("encoders" in name for name in plain)
    for name, gradient in plain.items():
        torch.testing.assert_close(recomputed[name], gradient, **CLOSE)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_audio_attention_is_sdpa_whatever_the_decoder_has(attention):
    model = random_base(tiny_config(), attention=attention)
    assert model.config._attn_implementation == attention
    assert audio_encoder(model).config._attn_implementation == "sdpa"


def test_gradients_of_the_position_bias_are_the_same_with_sdpa_and_eager(base):
    encoder, found = audio_encoder(base), {}
    batch = batch_of([90, 200], [4, 6])
    for attention in ("sdpa", "eager"):
        encoder.config._attn_implementation = attention
        base.zero_grad()
        base(**batch).loss.backward()
        found[attention] = encoder.relative_attention_bias_layer.bias_values.weight.grad.clone()
    encoder.config._attn_implementation = "sdpa"

    assert found["sdpa"].abs().max() > 0
    torch.testing.assert_close(found["sdpa"], found["eager"], **CLOSE)


@torch.no_grad()
def test_corrections_are_installed_once_and_survive_saving(checkpoint):
    loaded = load_base(checkpoint, dtype=torch.float32).eval()
    again = prepare(loaded)
    batch = batch_of([90, 200], [4, 6])

    assert again is loaded and loaded.checkpoint == checkpoint
    assert torch.equal(loaded(**batch).logits, tiny_base()(**batch).logits)
    assert json.loads((checkpoint / "config.json").read_text())["architectures"] == [
        "Phi4MultimodalForCausalLM"
    ]


def test_weights_are_loaded_in_the_precision_asked_for(checkpoint):
    model = load_base(checkpoint, dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert model.model.rotary_emb.inv_freq.dtype == torch.float32


@torch.no_grad()
def test_generation_is_the_same_alone_and_left_padded_in_a_batch(base):
    tokens = tokenizer()
    prompts = [batch_of([frames], [1], seed=index) for index, frames in enumerate((90, 300))]
    alone = [
        base.generate(
            **{name: value for name, value in prompt.items() if name not in ("labels",)},
            max_new_tokens=6,
            min_new_tokens=6,
            do_sample=False,
        )[0, -6:]
        for prompt in prompts
    ]
    width = max(prompt["input_ids"].shape[1] for prompt in prompts)
    batch = batch_of([90, 300], [1, 1])
    ids, attended = [], []
    for prompt in prompts:
        missing = width - prompt["input_ids"].shape[1]
        ids.append([tokens.pad_token_id] * missing + prompt["input_ids"][0].tolist())
        attended.append([0] * missing + [1] * (width - missing))
    together = base.generate(
        input_ids=torch.tensor(ids),
        attention_mask=torch.tensor(attended),
        **{name: value for name, value in batch.items() if name.startswith("audio")},
        max_new_tokens=6,
        min_new_tokens=6,
        do_sample=False,
    )
    assert together[:, -6:].tolist() == [row.tolist() for row in alone]


def test_a_folder_without_safetensors_is_no_checkpoint(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(ModelNotFoundError, match=r"config\.json and \*\.safetensors"):
        load_base(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"), [('{"model_type": "phi4mm"}', "refs/pr/70"), ("{", "not JSON")], ids=str
)
def test_another_layout_or_a_broken_configuration_is_named(tmp_path, text, message):
    (tmp_path / "config.json").write_text(text)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(EnunciateError, match=message):
        load_base(tmp_path)


def test_code_in_a_checkpoint_is_never_run(tmp_path):
    folder, trace = save_checkpoint(tmp_path / "checkpoint"), tmp_path / "ran"
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "evil.Model", "AutoConfig": "evil.Config"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(f"open({str(trace)!r}, 'w')")

    load_base(folder)

    assert not trace.exists()


def test_the_hub_is_asked_for_transformers_layout_and_its_absence_is_one_line(monkeypatch):
    asked = {}

    def offline(name, **options):
        asked[name] = options["revision"]
        raise OSError("no route to host\nand a long story")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    for name, revision in ((HUB_NAME, None), (HUB_NAME, "abc"), ("some/other", None)):
        with pytest.raises(ModelNotFoundError, match="hf download") as refused:
            checkpoint_folder(name, revision)
        assert "\n" not in str(refused.value)
    assert asked == {HUB_NAME: "abc", "some/other": None}
    with pytest.raises(ModelNotFoundError, match="--revision refs/pr/70"):
        checkpoint_folder(HUB_NAME)
