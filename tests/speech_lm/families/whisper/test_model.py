"""Whisper as a speech language model: any length, any batch, a cache, and transformers' logits."""

import numpy as np
import pytest
import torch
from support.ctranslate2_file import write_ctranslate2
from support.speech_lm_cases import clip
from support.tiny_whisper_lm import VOCABULARY, ctranslate2_names, tiny_whisper
from support.whisper_folders import save_base, whisper_tokenizer
from torch.nn.functional import cross_entropy
from transformers.models.whisper.modeling_whisper import WhisperEncoder, WhisperForConditionalGeneration

from enunciate.errors import AudioTooLongError, EnunciateError, ModelNotFoundError
from enunciate.pocket.log_mel import log_mel
from enunciate.speech_lm.adapter import add_adapter, enable_checkpointing, trainable
from enunciate.speech_lm.audio_batch import audio_batch
from enunciate.speech_lm.decoding.continuation import Continuation
from enunciate.speech_lm.families.registry import family_named, family_of
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX
from enunciate.speech_lm.families.whisper.model import prepare
from enunciate.speech_lm.families.whisper.processor import WhisperProcessor
from enunciate.speech_lm.options import AdapterConfig

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
FAMILY = family_named("whisper")
PROMPT = [290, 17, 4, 99]


@pytest.fixture(scope="module")
def model():
    return prepare(tiny_whisper())


@pytest.fixture(scope="module")
def processor():
    return WhisperProcessor(whisper_tokenizer())


def heard(model, processor, *seconds):
    clips = [processor.features(clip(length, seed)) for seed, length in enumerate(seconds)]
    return audio_batch(clips, processor.geometry)


@pytest.fixture
def theirs(model):
    """The same weights in transformers' own classes."""
    own = WhisperForConditionalGeneration(model.config).eval()
    own.load_state_dict(model.state_dict())
    return own


@torch.no_grad()
def test_a_clip_of_30_s_is_encoded_and_answered_as_in_transformers(model, theirs):
    features = torch.randn(1, 3000, 80, generator=torch.Generator().manual_seed(0))
    everything = torch.ones(1, 3000, dtype=torch.bool)
    ids = torch.tensor([PROMPT])

    states = model.model.encoder(features, everything)
    torch.testing.assert_close(
        states, theirs.model.encoder(features.transpose(1, 2)).last_hidden_state, **CLOSE
    )
    logits = theirs(input_features=features.transpose(1, 2), decoder_input_ids=ids).logits[0]
    audio = {
        "audio_input_features": features,
        "audio_attention_mask": everything,
        "audio_embed_sizes": torch.tensor([1500]),
    }
    labels = ids.masked_fill(torch.arange(4) == 0, IGNORE_INDEX)
    output = model(ids, labels=labels, **audio)

    torch.testing.assert_close(output.logits, logits[:-1], **CLOSE)
    torch.testing.assert_close(output.loss, cross_entropy(logits[:-1], ids[0, 1:]))
    assert type(theirs.model.encoder) is WhisperEncoder


@torch.no_grad()
@pytest.mark.parametrize("lengths", [(0.3, 1.01), (0.205, 0.2, 0.99), (0.5, 0.5)])
def test_a_clip_is_encoded_the_same_in_any_batch(model, processor, lengths):
    together = model.encode(heard(model, processor, *lengths))
    for index, seconds in enumerate(lengths):
        features = processor.features(clip(seconds, index))
        alone = model.encode(audio_batch([features], processor.geometry))
        tokens = int(alone.n_tokens)
        assert tokens == -(-round(seconds * 16_000) // 160 // 2) or tokens == alone.states.shape[1]
        torch.testing.assert_close(together.states[index, :tokens], alone.states[0], **CLOSE)


@torch.no_grad()
def test_sequences_grow_as_they_would_if_fed_at_once(model, processor):
    audio = model.encode(heard(model, processor, 0.3, 0.8))
    whole = Continuation(model, 0, audio)
    whole.feed([[*PROMPT, 5, 6, 7], [*PROMPT[:2], 8, 9]])
    parts = Continuation(model, 0, audio)
    parts.feed([PROMPT, PROMPT[:2]])
    parts.feed([[5, 6], []])
    parts.feed([[1], [2]])
    parts.truncate(1)
    parts.feed([[7], [8, 9]])

    torch.testing.assert_close(parts.logits(), whole.logits(), **CLOSE)
    tokens = [3, 44, 7]
    torch.testing.assert_close(parts.logits_of(tokens), parts.logits()[:, tokens], **CLOSE)


@torch.no_grad()
def test_chosen_sequences_stay_with_their_clips(model, processor):
    audio = model.encode(heard(model, processor, 0.3, 0.8))
    several = Continuation(model, 0, audio)
    several.feed([PROMPT, PROMPT[:3]])
    several.select([1, 0, 1])
    several.feed([[5], [6], [7]])
    several.select([2, 1])
    several.feed([[11], [12, 13]])
    plain = Continuation(model, 0, audio)
    plain.feed([[*PROMPT, 6, 12, 13], [*PROMPT[:3], 7, 11]])

    torch.testing.assert_close(several.logits(), plain.logits()[[1, 0]], **CLOSE)


@torch.no_grad()
def test_an_answer_beyond_the_last_position_goes_on(model, processor):
    sequences = Continuation(model, 0, model.encode(heard(model, processor, 0.3)))
    sequences.feed([[1] * 250])

    assert sequences.logits().isfinite().all()


def test_both_tasks_over_one_encoding_cost_the_loss_of_each(model, processor):
    audio = heard(model, processor, 0.4)
    ids = torch.tensor([PROMPT, PROMPT[::-1]])
    labels = ids.masked_fill(torch.arange(4) < 2, IGNORE_INDEX)
    both = model(ids, labels=labels, clip_of_row=torch.tensor([0, 0]), num_items_in_batch=1, **audio)
    one, two = (model(ids[[row]], labels=labels[[row]], num_items_in_batch=1, **audio).loss for row in (0, 1))

    torch.testing.assert_close(both.loss, one + two, **CLOSE)


def test_features_are_pockets(processor):
    samples = clip(0.5)
    np.testing.assert_allclose(processor.features(samples).numpy().T, log_mel(samples))
    with pytest.raises(AudioTooLongError, match=r"31\.0 s, longer than the 30 s that Whisper takes"):
        processor.features(np.zeros(31 * 16_000, np.float32))


@pytest.mark.parametrize(
    ("where", "strategy", "parts"),
    [
        ("decoder", "lora", {"model.decoder"}),
        ("encoder", "lora", {"model.encoder"}),
        ("both", "lora", {"model.decoder", "model.encoder"}),
        ("decoder", "unfreeze", {"model.decoder", "model.encoder"}),
    ],
)
def test_what_is_trained(where, strategy, parts):
    config = AdapterConfig(where=where, strategy=strategy, start="fresh", rank=2, alpha=4)
    names = trainable(add_adapter(prepare(tiny_whisper()), config))

    assert {".".join(name.split(".")[2:4]) for name in names} == parts
    layers = [name for name in names if ".lora_A." in name and "decoder" in name]
    assert len(layers) == (0 if where == "encoder" else 2 * (4 + 4 + 2))
    assert any("modules_to_save" in name for name in names) == (strategy == "unfreeze")


def test_no_speech_adapter_is_there_to_start_from():
    with pytest.raises(ModelNotFoundError, match=r"whisper bring no adapter.*start: fresh"):
        add_adapter(prepare(tiny_whisper()), AdapterConfig())


def test_recomputed_activations_change_nothing(processor):
    losses = []
    for recompute in (False, True):
        config = AdapterConfig(start="fresh", rank=2, alpha=4, dropout=0, strategy="unfreeze")
        torch.manual_seed(0)
        model = add_adapter(prepare(tiny_whisper()), config).train()
        if recompute:
            enable_checkpointing(model)
        ids = torch.tensor([PROMPT])
        loss = model(input_ids=ids, labels=ids, **heard(model, processor, 0.3)).loss
        loss.backward()
        norms = [p.grad.norm() for p in model.parameters() if p.grad is not None]
        losses.append((loss.detach(), torch.stack(norms)))

    torch.testing.assert_close(losses[0], losses[1])


# ------------------------------------------------------------------------------------------- its folders


def test_a_folder_of_faster_whisper_loads_like_that_of_transformers(tmp_path):
    base = save_base(tmp_path / "transformers")
    state = {name: value.half().numpy() for name, value in tiny_whisper().state_dict().items()}
    folder = tmp_path / "faster"
    folder.mkdir()
    arrays = ctranslate2_names(state) | {"encoder/num_heads": np.array(2, dtype=np.int8)}
    write_ctranslate2(folder / "model.bin", arrays)
    (folder / "config.json").write_text("{}")
    whisper_tokenizer().save_pretrained(folder)

    one, other = (FAMILY.load(place, dtype=torch.float32) for place in (base, folder))

    assert family_of(other).name == "whisper" and other.checkpoint == folder
    for name, value in one.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], value, atol=2e-3, rtol=2e-3)
    assert other.proj_out.weight is other.model.decoder.embed_tokens.weight
    assert FAMILY.config(folder).decoder_layers == 2
    assert FAMILY.processor(str(folder), None, "text").n_mels == 80


def test_a_folder_without_a_whisper_is_refused(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"no Whisper in it: model\.safetensors, or"):
        FAMILY.load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(EnunciateError, match="type bert, not whisper"):
        FAMILY.config(tmp_path)


def test_special_control_tokens_begin_as_the_mean_of_what_spells_them(tmp_path):
    base = save_base(tmp_path)
    processor = FAMILY.processor(str(base), None, "special")
    model = FAMILY.load(base, dtype=torch.float32)
    model.resize_token_embeddings(len(whisper_tokenizer()), mean_resizing=False)  # none to spare
    FAMILY.fit_vocabulary(model, processor)
    weight = model.model.decoder.embed_tokens.weight
    apa = processor.control_token_ids["apa"]

    assert model.n_vocabulary == processor.n_ids == len(weight)
    torch.testing.assert_close(weight[apa], weight[processor.spelled_ids("<|APA|>")].mean(0))
    assert model.proj_out.weight is weight


def test_a_vocabulary_with_ids_to_spare_keeps_its_size(tmp_path):
    base = save_base(tmp_path)
    model = FAMILY.load(base, dtype=torch.float32)
    FAMILY.fit_vocabulary(model, FAMILY.processor(str(base), None, "special"))

    assert model.n_vocabulary == VOCABULARY
