"""ONNX and torch agree, with weights stored at half precision."""

import numpy as np
import onnx
import pytest
import torch

from enunciate.conformer.acoustic_model import AcousticModel
from enunciate.conformer.fbank import log_mel, normalise
from enunciate.conformer.features import N_PHONE_FEATURES, N_UTTERANCE_FEATURES
from enunciate.conformer.training.export import LEAST_HALVED, export_encoder, export_scorer
from enunciate.conformer.training.options import EncoderConfig, ScorerConfig
from enunciate.conformer.training.recogniser import Recogniser
from enunciate.conformer.training.scorer import Ensemble
from enunciate.pocket.onnx_session import Session
from enunciate.pocket.symbols import N_CLASSES

CONFIG = EncoderConfig(width=32, layers=2, heads=2, ff_width=48, kernel=7, quality_width=6)
QUALITY = 6


def rounded(model):
    """Round what the file stores at half precision, so that the rest of a difference is the export's."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.numel() >= LEAST_HALVED:
                parameter.copy_(parameter.half().float())
    return model.eval()


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    torch.manual_seed(0)
    model = rounded(Recogniser(CONFIG))
    path = tmp_path_factory.mktemp("export") / "encoder.onnx"
    export_encoder(model, path)
    return model, path


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    torch.manual_seed(0)
    model = Ensemble(ScorerConfig(width=16, layers=1, heads=2), QUALITY, members=2)
    model.phone_mean.normal_()
    model.phone_scale.uniform_(0.5, 2)
    model.utterance_mean.normal_()
    path = tmp_path_factory.mktemp("export") / "deeper" / "scorer.onnx"
    export_scorer(rounded(model), QUALITY, path)
    return model, path


@torch.no_grad()
@pytest.mark.parametrize("n_frames", [30, 31, 32, 250, 400, 1_500])
def test_encoder(encoder, n_frames):
    model, path = encoder
    features = torch.randn(1, n_frames, 80, generator=torch.Generator().manual_seed(n_frames))
    expected = model.encoder(features)

    found = Session(path, threads=1).run({"features": features.numpy()})
    for name, output in zip(("ctc", "frame", "quality"), found, strict=True):
        assert output.dtype == np.float32
        np.testing.assert_allclose(output, getattr(expected, name).numpy(), atol=1e-3, err_msg=name)


@torch.no_grad()
@pytest.mark.parametrize("n_phones", [1, 2, 7, 60, 300])
def test_scorer(scorer, n_phones):
    model, path = scorer
    generator = torch.Generator().manual_seed(n_phones)
    inputs = {
        "classes": torch.randint(1, N_CLASSES, (1, n_phones), generator=generator),
        "phone": torch.randn(1, n_phones, N_PHONE_FEATURES, generator=generator),
        "quality": torch.randn(1, n_phones, QUALITY, generator=generator),
        "utterance": torch.randn(1, N_UTTERANCE_FEATURES, generator=generator),
    }
    expected = model(*inputs.values())

    found = Session(path, threads=1).run({name: tensor.numpy() for name, tensor in inputs.items()})
    assert [output.shape for output in found] == [(1, n_phones), (1, n_phones), (1, 4)]
    for output, tensor in zip(found, expected, strict=True):
        np.testing.assert_allclose(output, tensor.numpy(), atol=1e-3)


def test_large_weights_are_stored_at_half_precision(encoder):
    model, path = encoder
    stored = {tensor.name: tensor for tensor in onnx.load(path).graph.initializer}
    large = sum(p.numel() for p in model.encoder.parameters() if p.numel() >= LEAST_HALVED)

    halves = [t for t in stored.values() if t.data_type == onnx.TensorProto.FLOAT16]
    singles = [t for t in stored.values() if t.data_type == onnx.TensorProto.FLOAT]
    # the middle CTC head's own weights are part of it: self-conditioning needs them when running, too
    assert sum(int(np.prod(t.dims)) for t in halves) >= 0.95 * large
    assert all(np.prod(t.dims) < LEAST_HALVED for t in singles)


def test_inputs_and_outputs_have_their_names(encoder, scorer):
    for (_, path), inputs, outputs in (
        (encoder, ["features"], ["ctc", "frame", "quality"]),
        (scorer, ["classes", "phone", "quality", "utterance"], ["phone_scores", "wrong", "scores"]),
    ):
        graph = onnx.load(path).graph
        assert [value.name for value in graph.input] == inputs
        assert [value.name for value in graph.output] == outputs


def vowels(duration_s):
    """Syllables of changing pitch: something with structure."""
    time_s = np.arange(round(duration_s * 16_000)) / 16_000
    phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(3 * time_s)) / 16_000
    voice = sum(np.sin(k * phase) / k for k in range(1, 12)) * (0.6 + 0.4 * np.sin(20 * time_s))
    noise = 0.01 * np.random.default_rng(0).standard_normal(len(time_s))
    return (0.1 * voice + noise).astype(np.float32)


@torch.no_grad()
@pytest.mark.parametrize("duration_s", [14.9, 15.2, 37.0])
def test_a_long_clip_in_windows_is_like_one_at_once(encoder, duration_s):
    model, path = encoder
    samples = vowels(duration_s)
    whole = model.encoder(torch.from_numpy(normalise(log_mel(samples)))[None])

    out = AcousticModel(path)(samples)
    assert out.ctc.shape == whole.ctc.shape[1:]
    assert out.frame.shape == (len(out.ctc), N_CLASSES)
    assert len(out.quality) == len(out.prosody.log_f0) == len(out.prosody.level_db) == len(out.ctc)
    # attention sees less in a window, so this is close and not equal; a shift by one frame is another thing
    expected = whole.quality[0].numpy()
    error = np.abs(out.quality - expected).mean(axis=1)
    shifted = np.abs(out.quality[1:] - expected[:-1]).mean(axis=1)
    assert np.median(error) < 0.2 * np.median(shifted)
    assert error.max() < np.median(shifted)
