"""Runs with other encoders than Whisper base's whole one, and with a teacher."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support.pocket_runs import small_recipe
from support.tiny_whisper import encoder_config, write_tiny_whisper
from support.tone_corpus import make_corpus

from enunciate.errors import ModelNotFoundError
from enunciate.pocket.training.batch_plan import whole_rows
from enunciate.pocket.training.encoder_config import CONFORMER, WHISPER_BASE, config_of
from enunciate.pocket.training.losses import divergence
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.options import EncoderOptions
from enunciate.pocket.training.predictions import BUDGET, load_predictions, predict_clips
from enunciate.pocket.training.saved_model import load_model
from enunciate.pocket.training.train_data import load_training_data
from enunciate.pocket.training.train_pocket import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

TEACHER = replace(encoder_config(), layers=2)
STUDENT = encoder_config()
TINY_CONFORMER = replace(encoder_config(), kind="conformer", kernel=7)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    corpus = make_corpus(tmp_path_factory.mktemp("corpus"), {"train": 6, "test": 2}, clips_each=3)
    whisper = write_tiny_whisper(tmp_path_factory.mktemp("whisper") / "whisper.npz", layers=2)
    return small_recipe(corpus, whisper, tmp_path_factory.mktemp("teacher"))


@pytest.fixture(scope="module")
def data(recipe):
    return load_training_data(recipe, torch.device("cpu"))


@pytest.fixture(scope="module")
def teacher(recipe):
    train(recipe, TEACHER)
    return recipe.out


@pytest.fixture(scope="module", params=[STUDENT, TINY_CONFORMER], ids=["student", "conformer"])
def run(request, recipe, teacher, tmp_path_factory):
    """A plain run and a taught one with the same start: their encoder, and the folders of both."""
    plain = recipe.model_copy(update={"out": tmp_path_factory.mktemp("plain"), "encoder_rate": 1e-3})
    taught = plain.model_copy(update={"out": tmp_path_factory.mktemp("taught"), "teacher": teacher})
    for one in (plain, taught):
        train(one, request.param)
    return request.param, plain.out, taught.out


def test_the_recipe_names_the_encoder():
    assert config_of(EncoderOptions()) == WHISPER_BASE
    assert config_of(EncoderOptions(layers=3)) == replace(WHISPER_BASE, layers=3)
    assert config_of(EncoderOptions(kind="conformer")) == CONFORMER


def test_a_trained_encoder_is_loaded_and_predicts_the_same(run, recipe, data):
    config, folder, _ = run
    model = load_model(folder, recipe.whisper)
    again = predict_clips(model, data.bank, data.held_out)

    assert model.config == config
    for first, second in zip(load_predictions(folder / "predictions.npz"), again, strict=True):
        assert first.id == second.id
        np.testing.assert_allclose(first.whole, second.whole, atol=0.05)  # saved in half precision


@torch.no_grad()
def test_a_taught_encoder_hears_more_like_its_teacher_than_an_untaught_one(run, recipe, teacher, data):
    _, plain, taught = run
    (rows,) = whole_rows(data.bank, data.held_out, BUDGET)
    batch = data.bank.cut(rows)

    def distance(folder):
        ours, theirs = (load_model(one, recipe.whisper).hear(batch, None) for one in (folder, teacher))
        return float(divergence(ours, theirs, (batch.frames + 1) // 2))

    assert distance(taught) < 0.9 * distance(plain)


def test_all_of_a_conformer_learns_at_the_rate_of_what_is_new(recipe, tmp_path):
    run = recipe.model_copy(update={"out": tmp_path, "epochs": 1, "encoder_rate": 1e-9})
    train(run, TINY_CONFORMER)
    torch.manual_seed(recipe.seed)
    start = dict(PocketModel(recipe.model, TINY_CONFORMER).named_parameters())
    trained = load_model(tmp_path, None)

    for name, parameter in trained.encoder.named_parameters():
        if parameter.ndim > 1:
            moved = float((parameter - start[f"encoder.{name}"]).detach().abs().max())
            assert moved > 1e-3, name


def test_a_teacher_that_cannot_be_loaded_ends_a_run_before_it_begins(recipe, teacher, tmp_path):
    absent = recipe.model_copy(update={"out": tmp_path / "a", "teacher": tmp_path})
    without_positions = recipe.model_copy(update={"out": tmp_path / "b", "teacher": teacher, "whisper": None})

    with pytest.raises(ModelNotFoundError, match="Give the folder of a training"):
        train(absent, STUDENT)
    with pytest.raises(ModelNotFoundError, match="positional encodings"):
        train(without_positions, TINY_CONFORMER)
