"""Granite-speech: what transformers computes for a clip, the same in any batch, and its own adapter."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.encoded_batches import encoded_both_ways
from support.speech_lm_cases import clip
from support.tiny_granite_speech import granite_tokenizer, save_granite_speech, tiny_granite_speech

from enunciate.engines import load_assessor
from enunciate.errors import EnunciateError, ModelNotFoundError
from enunciate.speech_lm.adapter import add_adapter, merged, trainable
from enunciate.speech_lm.audio_batch import audio_batch
from enunciate.speech_lm.families.granite_speech.family import GraniteSpeechFamily
from enunciate.speech_lm.families.granite_speech.processor import GraniteSpeechProcessor
from enunciate.speech_lm.options import AdapterConfig, PromptConfig

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
FAMILY = GraniteSpeechFamily()
WEIGHTS = "adapter_model.safetensors"
SPEECH = AdapterConfig(start="speech")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_granite_speech(tmp_path_factory.mktemp("granite"))


@pytest.fixture
def model():
    return FAMILY.prepare(tiny_granite_speech())


@pytest.fixture(scope="module")
def processor():
    return GraniteSpeechProcessor(granite_tokenizer())


@torch.no_grad()
@pytest.mark.parametrize("seconds", [0.2, 0.4, 0.41, 0.79, 2.0])
def test_a_clip_is_encoded_as_in_transformers(model, processor, seconds):
    features = processor.features(clip(seconds))
    ours = model.encode(audio_batch([features], processor.geometry))
    theirs = tiny_granite_speech().get_audio_features(features[None]).pooler_output

    assert int(ours.n_tokens) == theirs.shape[1]
    torch.testing.assert_close(ours.states, theirs, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("lengths", [(0.3, 1.01), (0.21, 0.2, 0.99), (0.5, 0.5)])
def test_a_clip_is_encoded_the_same_in_any_batch(model, processor, lengths, training):
    model.train(training)
    for together, alone, tokens in encoded_both_ways(model, processor, lengths):
        torch.testing.assert_close(together[:tokens], alone[:tokens], **CLOSE)


def test_training_leaves_the_statistics_of_the_encoder_alone(model, processor):
    before = {name: value.clone() for name, value in model.named_buffers()}
    model.train().encode(audio_batch([processor.features(clip(0.5))], processor.geometry))

    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())


@torch.no_grad()
def test_logits_are_those_of_transformers_divided_as_the_decoder_was_trained(model):
    ids = torch.tensor([[5, 60, 70, 8]])
    theirs = tiny_granite_speech()(input_ids=ids).logits
    hidden = model.language_model(inputs_embeds=model.embed(ids, None)).last_hidden_state
    tokens = torch.tensor([4, 90])

    torch.testing.assert_close(model.logits(hidden), theirs / 0.8, **CLOSE)
    torch.testing.assert_close(model.logits_of(hidden[0], tokens), theirs[0][:, tokens] / 0.8, **CLOSE)


def test_features_are_two_spectra_each_and_the_range_ends_80_db_below_the_loudest(processor):
    features = processor.features(clip(0.5))

    assert features.shape == (processor.geometry.n_frames(8000), 160) == (25, 160)
    assert features.dtype == torch.float32
    assert float(features.max() - features.min()) <= 2.0 + 1e-5


def test_a_tone_is_in_the_band_of_its_frequency(processor):
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(8000) / 16_000).numpy()
    loudest = processor.features(tone)[5, :80].argmax()
    mel = lambda hz: 2595 * torch.log10(torch.tensor(1 + hz / 700))  # noqa: E731

    assert abs(float(mel(1000) / mel(8000)) * 81 - 1 - int(loudest)) <= 1


def test_a_turn_has_the_clip_where_the_model_expects_it(processor):
    ids = processor.task_ids("apa", PromptConfig(rubric=False), None, 3)

    assert processor.text_of(ids) == (
        "<|start_of_role|>user<|end_of_role|><|APA|><|audio|><|audio|><|audio|><|end_of_text|>\n"
        "<|start_of_role|>assistant<|end_of_role|>"
    )


@pytest.mark.parametrize(("where", "layers"), [("decoder", 14), ("encoder", 14), ("both", 28)])
def test_what_is_trained(model, where, layers):
    config = AdapterConfig(where=where, start="fresh", rank=2, alpha=4)
    names = trainable(add_adapter(model, config))

    assert sum(".lora_A." in name for name in names) == layers


# ------------------------------------------------------------------- the adapter beside the checkpoint


def test_the_checkpoint_is_loaded_without_its_adapter(folder):
    found, expected = (
        FAMILY.load(folder, dtype=torch.float32).state_dict(),
        tiny_granite_speech().state_dict(),
    )

    assert found.keys() == expected.keys()
    assert all(torch.equal(value, found[name]) for name, value in expected.items())


@pytest.mark.parametrize("former", [False, True])
def test_its_adapter_can_be_continued_under_its_former_names_as_well(folder, tmp_path, former):
    weights = load_file(folder / WEIGHTS)
    for path in folder.iterdir():
        if path.name != WEIGHTS:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    old = {name.replace("model.language_model.", "language_model.model."): v for name, v in weights.items()}
    save_file(old if former else weights, tmp_path / WEIGHTS)
    model = add_adapter(FAMILY.load(tmp_path, dtype=torch.float32), SPEECH)
    settings = model.peft_config["default"]
    plain, name = tiny_granite_speech(), "model.language_model.layers.1.self_attn.v_proj"
    a, b = (weights[f"base_model.model.{name}.lora_{letter}.weight"] for letter in "AB")

    assert (settings.r, settings.lora_alpha) == (4, 2)
    torch.testing.assert_close(
        merged(model).get_submodule(name).weight, plain.get_submodule(name).weight + 0.5 * b @ a
    )


def test_the_folder_is_an_untouched_engine_that_listens_by_its_adapter(folder):
    engine = load_assessor(folder)
    name = "model.language_model.layers.0.self_attn.q_proj"
    heard_with = engine._decoder._model.get_submodule(name).weight

    assert engine.name == f"granite_speech {folder}, untouched"
    assert not torch.allclose(heard_with, tiny_granite_speech().get_submodule(name).weight)


def test_a_checkpoint_without_one_says_so(folder, tmp_path):
    for path in folder.iterdir():
        if not path.name.startswith("adapter"):
            (tmp_path / path.name).write_bytes(path.read_bytes())

    with pytest.raises(ModelNotFoundError, match="start: fresh"):
        add_adapter(FAMILY.load(tmp_path, dtype=torch.float32), SPEECH)


def test_an_adapter_on_other_layers_does_not_fit(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(folder / WEIGHTS)
    save_file({name: v for name, v in weights.items() if ".v_proj." not in name}, tmp_path / WEIGHTS)

    with pytest.raises(EnunciateError, match="does not fit"):
        add_adapter(FAMILY.load(tmp_path, dtype=torch.float32), SPEECH)
