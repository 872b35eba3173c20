"""Qwen2-Audio: what transformers computes for 30 s, the same in any batch, and a turn in its format."""

import pytest
import torch
from support.encoded_batches import encoded_both_ways
from support.tiny_qwen2_audio import qwen2_audio_tokenizer, tiny_qwen2_audio
from transformers.models.qwen2_audio.modeling_qwen2_audio import Qwen2AudioEncoder

from enunciate.speech_lm.adapter import add_adapter, trainable
from enunciate.speech_lm.families.qwen2_audio.family import Qwen2AudioFamily, Qwen2AudioProcessor
from enunciate.speech_lm.options import AdapterConfig, PromptConfig

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
FAMILY = Qwen2AudioFamily()


@pytest.fixture(scope="module")
def model():
    return FAMILY.prepare(tiny_qwen2_audio())


@pytest.fixture(scope="module")
def processor():
    return Qwen2AudioProcessor(qwen2_audio_tokenizer())


@torch.no_grad()
def test_30_s_are_encoded_as_in_transformers(model):
    features = torch.randn(1, 3000, 80, generator=torch.Generator().manual_seed(0))
    everything = torch.ones(1, 3000, dtype=torch.bool)
    ours = model.model.audio_tower(features, everything)
    theirs = Qwen2AudioEncoder(model.config.audio_config).eval()
    theirs.load_state_dict(model.model.audio_tower.state_dict())

    torch.testing.assert_close(ours, theirs(features.transpose(1, 2)).last_hidden_state, **CLOSE)


@pytest.mark.parametrize("frames", [2, 3, 4, 5, 6, 7, 8, 997, 3000])
def test_clips_have_as_many_tokens_as_in_transformers(model, frames):
    _, tokens = model.model.audio_tower._get_feat_extract_output_lengths(torch.tensor(frames))

    assert Qwen2AudioProcessor.geometry.n_tokens(frames) == int(tokens)


@torch.no_grad()
@pytest.mark.parametrize("lengths", [(0.3, 1.01), (0.21, 0.2, 0.99), (0.5, 0.5)])
def test_a_clip_is_encoded_the_same_in_any_batch(model, processor, lengths):
    for together, alone, tokens in encoded_both_ways(model, processor, lengths):
        torch.testing.assert_close(together[:tokens], alone[:tokens], **CLOSE)


def test_a_turn_has_the_clip_between_its_signs(processor):
    ids = processor.task_ids("apa", PromptConfig(rubric=False), None, 3)

    assert processor.text_of(ids) == (
        "<|im_start|>user\n<|APA|><|audio_bos|><|AUDIO|><|AUDIO|><|AUDIO|><|audio_eos|><|im_end|>\n"
        "<|im_start|>assistant\n"
    )


@pytest.mark.parametrize(("where", "layers"), [("decoder", 14), ("encoder", 12), ("both", 26)])
def test_what_is_trained(where, layers):
    config = AdapterConfig(where=where, start="fresh", rank=2, alpha=4)
    names = trainable(add_adapter(FAMILY.prepare(tiny_qwen2_audio()), config))

    assert sum(".lora_A." in name for name in names) == layers
