"""The joint model: padding, losses, decoding, checkpoints."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from support.ssl_encoders import FAMILIES, FRAME, encoder_of, save_encoder  # noqa: E402

from enunciate.baselines.ssl.ctc_decoding import decode_ctc  # noqa: E402
from enunciate.baselines.ssl.measure import losses_of, measure, selection_score  # noqa: E402
from enunciate.baselines.ssl.model import (  # noqa: E402
    SYMBOLS,
    JointModel,
    JointOutputs,
    build,
    prepare_samples,
)
from enunciate.baselines.ssl.preprocessor import expects_normalised, write_preprocessor  # noqa: E402
from enunciate.baselines.ssl.training_data import UNKNOWN, SslExample  # noqa: E402
from enunciate.errors import AudioTooShortError, ModelNotFoundError, RecipeError  # noqa: E402
from enunciate.schema import Utterance  # noqa: E402


def joint(family="wav2vec2", norm="layer", dropout=0.0, **changes):
    return JointModel(encoder_of(family, norm, **changes), dropout).eval()


def noise(n, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def example(phones, scores=(UNKNOWN,) * 4, clip=None):
    indices = None if phones is None else tuple(map(SYMBOLS.index, phones))
    return SslExample(Utterance(id="a", audio=b""), torch.zeros(1) if clip is None else clip, indices, scores)


@pytest.mark.parametrize("norm", ["group", "layer"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_clip_gets_the_same_outputs_alone_and_in_a_batch(family, norm):
    model = joint(family, norm)
    clips = [prepare_samples(noise(n, n), True, "a", model) for n in (9_000, 30_000, 5_003)]

    with torch.no_grad():
        together = model(clips)
        for row, clip in enumerate(clips):
            alone = model([clip])
            n = int(alone.frames[0])
            torch.testing.assert_close(alone.log_probs[0], together.log_probs[row, :n], atol=2e-5, rtol=0)
            torch.testing.assert_close(alone.scores[0], together.scores[row], atol=2e-5, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_are_those_of_the_own_forward_of_the_encoder(family):
    """For one clip without padding, the encoder's own `forward` must say the same."""
    model = joint(family, "group")
    clip = prepare_samples(noise(8_000), True, "a", model)

    with torch.no_grad():
        own = model.encoder(clip[None]).last_hidden_state
        expected = model.phone_head(own).log_softmax(dim=2)

        torch.testing.assert_close(model([clip]).log_probs, expected, atol=1e-5, rtol=0)


def test_a_clip_is_normalised_on_its_own_and_only_if_expected():
    model, samples = joint(), 0.5 + noise(8_000)
    plain, normal = (prepare_samples(samples, flag, "a", model) for flag in (False, True))

    np.testing.assert_array_equal(plain.numpy(), samples)
    assert float(normal.mean()) == pytest.approx(0, abs=1e-5) and float(normal.std()) == pytest.approx(
        1, abs=1e-3
    )


def test_a_clip_shorter_than_one_frame_is_refused():
    model = joint()
    assert model.frames_of(FRAME * 10) > 1

    with pytest.raises(AudioTooShortError, match=r"clip 7 lasts 0\.01 s"):
        prepare_samples(noise(160), True, "clip 7", model)


def outputs(classes, scores=None):
    """One clip whose frames are sure of these symbols."""
    logits = torch.full((1, len(classes), len(SYMBOLS)), -10.0)
    for frame, symbol in enumerate(classes):
        logits[0, frame, SYMBOLS.index(symbol)] = 0.0
    given = torch.zeros(1, 4, 11) if scores is None else scores
    return JointOutputs(logits, torch.tensor([len(classes)]), given)


def test_heard_phones_are_runs_without_blanks_with_their_peak_probability():
    out = outputs(["", "K", "K", "", "AE", "AE", "<unk>", "", "K", "K"])
    out.log_probs[0, 4, SYMBOLS.index("AE")] = np.log(0.5)
    out.log_probs[0, 5, SYMBOLS.index("AE")] = np.log(0.8)

    heard = decode_ctc(out.log_probs[0])

    assert [item.symbol for item in heard] == ["K", "AE", "<unk>", "K"]
    assert heard[1].probability == pytest.approx(0.8) and heard[0].probability == 1


def test_unlabelled_examples_have_no_loss():
    losses = losses_of(outputs(["K", ""]), [example(None)])

    assert float(losses.phones) == 0 and float(losses.scores) == 0


def test_a_sure_ctc_has_no_loss_and_even_scores_cost_log_11():
    """Two frames that are sure of K and AE; the scores are spread over eleven evenly."""
    losses = losses_of(outputs(["K", "AE"]), [example(("K", "AE"), (0, 5, 10, 7))])

    assert float(losses.phones) == pytest.approx(0, abs=1e-3)
    assert float(losses.scores) == pytest.approx(np.log(11), abs=1e-5)


def test_more_phones_than_frames_give_no_infinite_loss():
    assert float(losses_of(outputs(["K"]), [example(("K", "AE", "T"))]).phones) == 0


def test_metrics_without_examples_are_none():
    metrics = measure(joint(), [], 2)

    assert metrics["per"] is None and metrics["pcc"] is None
    assert (
        selection_score({"pcc": 0.6, "per": 0.2})
        > selection_score({"pcc": 0.6, "per": 0.3})
        > selection_score({"pcc": None, "per": 0.1})
    )


def test_the_preprocessor_says_whether_samples_are_normalised(tmp_path):
    for flag in (True, False):
        folder = save_encoder(tmp_path / str(flag), "wavlm", normalise=flag)
        assert expects_normalised(str(folder), None) is flag
    write_preprocessor(tmp_path / "True", False)
    assert expects_normalised(str(tmp_path / "True"), None) is False


def test_without_a_preprocessor_the_norm_of_the_convolutions_says_so(tmp_path):
    for norm in ("group", "layer"):
        encoder_of("hubert", norm).save_pretrained(tmp_path / norm)
        assert expects_normalised(str(tmp_path / norm), None) is (norm == "layer")


def test_a_checkpoint_of_another_sampling_rate_is_refused(tmp_path):
    folder = save_encoder(tmp_path, "wav2vec2")
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sampling_rate": 8_000}))

    with pytest.raises(RecipeError, match="8000 Hz"):
        expects_normalised(str(folder), None)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_checkpoint_of_each_family_is_loaded(tmp_path, family):
    model = build(str(save_encoder(tmp_path, family)), None, dropout=0.1)

    assert model.encoder.config.model_type == family
    own = encoder_of(family).state_dict()
    assert all(torch.equal(value, own[name]) for name, value in model.encoder.state_dict().items())


def test_a_missing_checkpoint_gives_a_message_of_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in (str(tmp_path), "nobody/has-this-encoder"):
        with pytest.raises(ModelNotFoundError, match="hf download") as caught:
            build(name, None, dropout=0.0)
        assert "\n" not in str(caught.value)


def test_another_kind_of_model_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))

    with pytest.raises(RecipeError, match="'bert', and must be one of wav2vec2, hubert, wavlm"):
        build(str(tmp_path), None, dropout=0.0)


def test_an_adapter_after_the_encoder_is_refused(tmp_path):
    save_encoder(tmp_path, "wav2vec2", add_adapter=True, output_hidden_size=32)

    with pytest.raises(RecipeError, match="add_adapter"):
        build(str(tmp_path), None, dropout=0.0)


def test_frozen_convolutions_get_no_gradient():
    model = joint(norm="group").train()
    model.freeze_features()
    model([prepare_samples(noise(8_000), True, "a", model)]).scores.sum().backward()

    frozen = list(model.encoder.feature_extractor.parameters())
    assert frozen and all(parameter.grad is None for parameter in frozen)
    assert model.encoder.feature_projection.projection.weight.grad is not None
