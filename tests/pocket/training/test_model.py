import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.phrase_cases import TINY, even_phrase, repeated

from enunciate.errors import ModelNotFoundError
from enunciate.pocket.training import losses
from enunciate.pocket.training.encoder import Encoded
from enunciate.pocket.training.losses import divergence, flattened_pitch, outside, score_losses
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.options import LossWeights, ModelOptions
from enunciate.pocket.training.saved_model import load_model, save_model
from enunciate.pocket.training.scorer import Scores
from enunciate.pocket.training.waveform_bank import Batch

CLASSES, WORD = [29, 18, 6, 31, 13, 20], [0, 0, 0, 1, 1, 1]


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = PocketModel(ModelOptions(members=2, layers=1), TINY)
    torch.nn.init.normal_(model.encoder.positions)
    return model


@pytest.fixture
def batch():
    """Two rows of 0.8 s with a phrase each, of which the second is synthetic."""
    generator = torch.Generator().manual_seed(0)
    n_frames, n_phones = 40, len(CLASSES)
    frames = torch.tensor([80, 80])
    return Batch(
        waves=0.1 * torch.randn(2, 12_800, generator=generator),
        frames10=frames,
        tempo=torch.ones(2),
        frames=frames,
        host_frames=frames,
        frame_class=torch.randint(-1, 40, (2, n_frames), generator=generator),
        tone=torch.randn(2, n_frames, generator=generator),
        voiced=torch.ones(2, n_frames),
        level=-10 * torch.ones(2, n_frames),
        labels=torch.tensor([CLASSES, CLASSES]),
        label_counts=torch.tensor([n_phones, n_phones]),
        row=torch.tensor([0, 1]),
        phrase=repeated(even_phrase(CLASSES, WORD), 2),
        n_words=2,
        phone_low=torch.ones(2, n_phones),
        phone_high=torch.full((2, n_phones), 2.0),
        word_low=torch.full((2, 2), 7.0),
        word_high=torch.full((2, 2), 9.0),
        low=torch.full((2, 4), 6.0),
        high=torch.full((2, 4), 8.0),
        real_speech=torch.tensor([1.0, 0.0]),
        clips=[0, 1],
    )


def scores_of(phone, wrong, word, whole):
    shapes = ((2, len(CLASSES)), (2, len(CLASSES)), (2, 2), (2, 4))
    return Scores(
        *(torch.full(s, float(v)) for s, v in zip(shapes, (phone, wrong, word, whole), strict=True))
    )


def test_distance_from_a_range_is_zero_inside_it_and_where_it_is_unknown():
    value, low, high = torch.tensor([[4.0, 6.0, 9.0, 5.0], [5.0, 5.0, 8.0, -1.0], [7.0, 7.0, 8.0, -1.0]])

    assert outside(value, low, high).tolist() == [1, 0, 1, 0]


def test_scores_inside_their_ranges_cost_nothing(batch):
    inside = scores_of(phone=0.75, wrong=-100, word=0.8, whole=0.7)

    found = score_losses(inside, batch, batch.low, batch.high, LossWeights())

    assert {name: float(value) for name, value in found.items()} == {
        "phone": 0,
        "wrong": 0,
        "word": 0,
        "whole": 0,
    }


def test_losses_are_weighted_squared_distances(batch):
    weights = LossWeights(phone=4, word=5, whole=(1, 0, 0, 2))
    far = scores_of(phone=0.25, wrong=-100, word=0.6, whole=0.9)

    found = score_losses(far, batch, batch.low, batch.high, weights)

    assert float(found["phone"]) == pytest.approx(4 * 0.25**2)
    assert float(found["word"]) == pytest.approx(5 * 0.1**2, rel=1e-4)
    assert float(found["whole"]) == pytest.approx((1 + 2) * 0.1**2, rel=1e-4)


def test_synthetic_phrases_count_less(batch):
    assert losses.phrase_weights(batch, LossWeights(made=0.4)).tolist() == pytest.approx([1.0, 0.4])


def test_phones_whose_range_does_not_decide_teach_no_mispronunciation(batch):
    undecided = replace(batch, phone_low=torch.zeros(2, 6), phone_high=torch.ones(2, 6))
    certain = scores_of(phone=0.25, wrong=100, word=0.8, whole=0.7)

    assert float(score_losses(certain, undecided, batch.low, batch.high, LossWeights())["wrong"]) == 0


def test_flattened_pitch_lowers_the_prosodic_range_and_hides_the_total(batch):
    silent = replace(batch, voiced=torch.zeros(2, 40), tone=torch.full((2, 40), 4.0))
    torch.manual_seed(0)

    tone, low, high = flattened_pitch(silent, share=1.0)
    unchanged, same_low, same_high = flattened_pitch(silent, share=0.0)

    assert float(tone.max()) <= 1.0 and torch.equal(unchanged, silent.tone)
    assert (high[:, 2] < 7).all() and (low[:, 2] == 3.5).all()
    assert (high[:, 3] == -1).all() and torch.equal(high[:, :2], batch.high[:, :2])
    assert torch.equal(same_low, batch.low) and torch.equal(same_high, batch.high)


def test_inside_is_from_the_first_phone_to_the_last(batch):
    inside = PocketModel.inside(batch, 40)

    assert inside[0].nonzero().flatten().tolist() == list(range(29))


def test_losses_are_finite_and_teach_every_part(model, batch):
    model.train()
    unlike = replace(
        batch,
        labels=torch.tensor(
            [CLASSES * 2] * 2
        ),  # fewer would cost more than the limit of the loss at the start
        label_counts=torch.tensor([12, 12]),
        phone_high=torch.full((2, 6), 0.4),
        phone_low=torch.zeros(2, 6),
        word_low=torch.full((2, 2), 10.0),
        word_high=torch.full((2, 2), 10.0),
        low=torch.full((2, 4), 10.0),
        high=torch.full((2, 4), 10.0),
    )

    found = model.losses(unlike)
    sum(found.values()).backward()

    assert set(found) == {"ctc", "frame", "phone", "wrong", "word", "whole", "free"}
    assert all(bool(value.isfinite()) for value in found.values())
    parts = {
        ".".join(name.split(".")[:2])
        for name, parameter in model.named_parameters()
        if parameter.grad is not None and parameter.grad.abs().sum() > 0
    }
    assert {"encoder.conv1", "encoder.blocks", "encoder.ctc", "encoder.frame"} <= parts
    assert {"encoder.sound", "encoder.melody", "scorers.members", "free.into"} <= parts


def test_a_teacher_adds_its_divergence_and_learns_nothing(model, batch):
    torch.manual_seed(1)
    teacher = PocketModel(ModelOptions(members=1, layers=1), TINY).eval()
    by_itself, by_another = (model.eval().losses(batch, teacher=one)["taught"] for one in (model, teacher))
    by_another.backward()

    assert by_itself.item() == pytest.approx(0, abs=1e-6) and by_another.item() > 0.01
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert bool(model.encoder.conv1.weight.grad.abs().sum() > 0)
    assert "taught" not in model.losses(batch)


def test_divergence_is_added_over_both_heads_and_ignores_padding():
    def encoded(ctc, frame):
        logits = [torch.zeros(2, 3, 40), torch.zeros(2, 3, 40)]
        logits[0][..., 0], logits[1][..., 0] = ctc, frame
        return Encoded(*logits, torch.zeros(2, 3, 4), torch.zeros(2, 3, 4)).log_probabilities()

    teacher = encoded(2.0, 1.0)
    student = encoded(torch.tensor([[2.0, 2.0, 9.0], [2.0, 9.0, 9.0]]), 0.5)
    apart = float(divergence(student, teacher, torch.tensor([2, 1])))
    frame = teacher.frame[0, 0].exp() * (teacher.frame[0, 0] - student.frame[0, 0])

    assert apart == pytest.approx(float(frame.sum()), rel=1e-4)


def test_scoring_teaches_the_encoder_through_the_streams_alone(model, batch):
    model.eval()
    encoded = model.hear(batch, None)
    heard = model.phrases(batch, encoded, batch.tone)

    assert not heard.ctc.requires_grad and not heard.frame.requires_grad
    assert heard.sound.requires_grad and heard.melody.requires_grad


def test_saved_model_is_loaded_at_half_precision(model, tmp_path):
    save_model(model, tmp_path / "model")
    whisper = whisper_archive(model, tmp_path / "whisper.npz")

    loaded = load_model(tmp_path / "model", whisper)

    assert not loaded.training and loaded.config == TINY and loaded.options.members == 2
    for name, value in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], value, rtol=1e-3, atol=1e-3)


def test_weights_that_do_not_fit_their_settings_are_refused(model, tmp_path):
    save_model(model, tmp_path)
    whisper = whisper_archive(model, tmp_path / "whisper.npz")
    settings = json.loads((tmp_path / "settings.json").read_text())
    (tmp_path / "settings.json").write_text(json.dumps(settings | {"members": 3}))

    with pytest.raises(ModelNotFoundError, match="missing or unexpected"):
        load_model(tmp_path, whisper)
    with pytest.raises(ModelNotFoundError, match="no trained model"):
        load_model(tmp_path / "absent", whisper)


def whisper_archive(model, path):
    """Whisper's encoder without blocks: what loading a trained model reads of it."""
    state = {name: value.numpy() for name, value in model.encoder.state_dict().items()}
    names = {"position_encodings/encodings": "positions", "layer_norm/gamma": "norm.weight"}
    names |= {"layer_norm/beta": "norm.bias"}
    names |= {
        f"{conv}/{part}": f"{conv}.{part}" for conv in ("conv1", "conv2") for part in ("weight", "bias")
    }
    np.savez(path, **{f"encoder/{theirs}": state[own] for theirs, own in names.items()})
    return path
