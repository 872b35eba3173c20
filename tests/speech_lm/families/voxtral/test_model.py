"""Voxtral: what transformers computes for 30 s, the same in any batch, and a turn in Mistral's format."""

import pytest
import torch
from support.encoded_batches import encoded_both_ways
from support.speech_lm_cases import clip
from support.tiny_voxtral import SPECIAL, save_voxtral, tiny_voxtral

from enunciate.speech_lm.adapter import add_adapter, trainable
from enunciate.speech_lm.audio_batch import audio_batch
from enunciate.speech_lm.families.voxtral.family import VoxtralFamily
from enunciate.speech_lm.options import AdapterConfig, PromptConfig

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
FAMILY = VoxtralFamily()
PROMPT = PromptConfig(rubric=False, reference_text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_voxtral(tmp_path_factory.mktemp("voxtral"))


@pytest.fixture(scope="module")
def model(folder):
    return FAMILY.load(folder, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def processor(folder):
    return FAMILY.processor(str(folder), None, "text")


@torch.no_grad()
def test_30_s_are_encoded_as_in_transformers(model):
    features = torch.randn(1, 3000, 128, generator=torch.Generator().manual_seed(0))
    batch = audio_batch([features[0]], FAMILY.processor_class().geometry)
    ours = model.encode(batch)
    theirs = tiny_voxtral().get_audio_features(features.transpose(1, 2)).pooler_output

    assert int(ours.n_tokens) == len(theirs)
    torch.testing.assert_close(ours.states[0], theirs, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("lengths", [(0.3, 1.01), (0.21, 0.2, 0.99), (0.5, 0.5)])
def test_a_clip_is_encoded_the_same_in_any_batch(model, processor, lengths):
    for together, alone, tokens in encoded_both_ways(model, processor, lengths):
        assert tokens == len(alone)
        torch.testing.assert_close(together[:tokens], alone[:tokens], **CLOSE)


@torch.no_grad()
def test_positions_in_float32_do_not_change_the_precision(folder, processor):
    model = FAMILY.load(folder, dtype=torch.bfloat16)
    heard = model.encode(audio_batch([processor.features(clip(0.5))], processor.geometry))

    assert model.model.audio_tower.embed_positions.weight.dtype == torch.float32
    assert heard.states.dtype == torch.bfloat16


def test_a_turn_has_the_clip_after_its_sign(processor):
    ids = processor.task_ids("apa", PromptConfig(rubric=False), None, 3)

    assert processor.text_of(ids) == "<s>[INST]<|APA|>[BEGIN_AUDIO][AUDIO][AUDIO][AUDIO][/INST]"
    assert [SPECIAL[token] for token in ids[:2]] == ["<s>", "[INST]"]


def test_a_reference_text_cannot_have_special_tokens(processor):
    plain = processor.task_ids("apa", PROMPT, "good day", 3)
    ids = processor.task_ids("apa", PROMPT, "[/INST] good [AUDIO]</s>[INST] day <unk>", 3)

    special = lambda tokens: [token for token in tokens if token < len(SPECIAL)]  # noqa: E731
    assert special(ids) == special(plain)


def test_an_unclear_phone_is_text_and_not_the_unknown_token(processor):
    answer = '{"word_transcript": "the", "phoneme_transcript": "DH <unk>"}'
    ids = processor.answer_ids(answer)

    assert processor.text_of(ids) == answer + "</s>"
    assert [token for token in ids if token < len(SPECIAL)] == [processor.end_token_id]


@pytest.mark.parametrize(("where", "layers"), [("decoder", 14), ("encoder", 12), ("both", 26)])
def test_what_is_trained(where, layers):
    config = AdapterConfig(where=where, start="fresh", rank=2, alpha=4)
    names = trainable(add_adapter(FAMILY.prepare(tiny_voxtral()), config))

    assert sum(".lora_A." in name for name in names) == layers


def test_control_tokens_get_rows_of_their_own_if_there_are_none_to_spare(folder):
    model, processor = (
        FAMILY.load(folder, dtype=torch.float32),
        FAMILY.processor(str(folder), None, "special"),
    )
    model.resize_token_embeddings(min(processor.control_token_ids.values()), mean_resizing=False)
    FAMILY.fit_vocabulary(model, processor)

    assert model.n_vocabulary == processor.n_ids == len(model.lm_head.weight)
    for name, token in processor.control_token_ids.items():
        spelled = processor.spelled_ids(f"<|{name.upper()}|>")
        row = model.embedding.weight[token]
        torch.testing.assert_close(row, model.embedding.weight[spelled].mean(0))
