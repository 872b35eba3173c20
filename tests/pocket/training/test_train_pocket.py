"""A whole run from a tiny corpus of chords to the files of an engine."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.pocket_runs import small_recipe
from support.tiny_whisper import encoder_config, write_tiny_whisper
from support.tone_corpus import make_corpus, make_neural, make_shard

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import RecipeError
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.training import export
from enunciate.pocket.training.encoder_config import WHISPER_BASE, config_of
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.pocket_recipe import PocketRecipe
from enunciate.pocket.training.predictions import load_predictions, predict_clips
from enunciate.pocket.training.saved_model import load_model
from enunciate.pocket.training.train_data import load_training_data, split_speakers
from enunciate.pocket.training.train_pocket import decayed, train
from enunciate.pocket.weights_folder import (
    CALIBRATION,
    DESCRIPTION,
    PHONE_MODEL,
)
from enunciate.schema import ASPECTS
from enunciate.trainers import extra_of, load_recipe
from enunciate.training.speaker_split import HELD_OUT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_corpus(tmp_path_factory.mktemp("corpus"), {"train": 6, "test": 2}, clips_each=3)


@pytest.fixture(scope="module")
def whisper(tmp_path_factory):
    return write_tiny_whisper(tmp_path_factory.mktemp("whisper") / "whisper.npz")


@pytest.fixture(scope="module")
def recipe(corpus, whisper, tmp_path_factory):
    return small_recipe(
        corpus,
        whisper,
        tmp_path_factory.mktemp("pocket"),
        synthetic=make_shard(tmp_path_factory.mktemp("synthetic"), clips=6),
        native=make_neural(tmp_path_factory.mktemp("native"), good=4, wrong=2),
    )


@pytest.fixture(scope="module")
def trained(recipe):
    return recipe.out, train(recipe, encoder_config())


def events(folder, name):
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


def test_a_run_logs_what_it_does(trained):
    folder, metrics = trained
    (begin,), (done,) = events(folder, "begin"), events(folder, "done")

    assert (begin["learn"], begin["held_out"]) == (12 + 6, 6)
    assert len(events(folder, "realigned")) == 2
    assert len(events(folder, "evaluated")) == 1
    assert math.isclose(done["per_without_reference"], metrics["per_without_reference"], abs_tol=1e-5)
    assert json.loads((folder / "metrics.json").read_text()) == metrics


def test_the_folder_holds_predictions_for_the_held_out_speakers_alone(trained, corpus):
    folder, _ = trained
    predictions = load_predictions(folder / "predictions.npz")
    held = json.loads((folder / HELD_OUT).read_text())
    phones = {u.id: sum(len(w.phones) for w in u.words) for u in load_corpus(corpus, "train")}

    assert [one.id for one in predictions] == held
    assert len({name.rsplit("-", 1)[0] for name in held}) == 2
    for one in predictions:
        assert len(one.phone) == len(one.wrong) == len(one.start) == phones[one.id]
        assert len(one.word) == 4 and one.whole.shape == one.free.shape == (4,)
        assert (one.end > one.start).all() and (one.start[1:] >= one.end[:-1]).all()


def test_the_saved_weights_predict_the_same_after_loading(trained, recipe):
    model = load_model(trained[0], recipe.whisper)
    data = load_training_data(recipe, torch.device("cpu"))
    again = predict_clips(model, data.bank, data.held_out)

    for first, second in zip(load_predictions(trained[0] / "predictions.npz"), again, strict=True):
        assert first.id == second.id
        np.testing.assert_allclose(first.whole, second.whole, atol=0.05)  # saved in half precision


def test_the_run_is_calibrated_on_its_held_out_speakers(trained):
    calibration = Calibration.model_validate_json((trained[0] / CALIBRATION).read_text())

    assert 0 <= calibration.threshold <= 1
    assert set(calibration.utterance) == set(calibration.free) == set(ASPECTS)
    assert calibration.word.knots == (0.0,), "no word of this corpus has a score"


def test_good_readings_by_native_voices_are_predicted_and_not_learnt(trained, recipe):
    native = load_predictions(trained[0] / "native_predictions.npz")
    data = load_training_data(recipe, torch.device("cpu"))

    assert [one.id for one in native] == [data.bank.labels[clip].id for clip in data.native]
    assert [one.id for one in native] == [f"voice-{k}" for k in range(4)], "wrong readings are not among them"
    assert not set(data.native) & {*data.learn, *data.held_out}


def test_a_run_on_everybody_is_calibrated_with_earlier_ones_and_exported(
    recipe, trained, tmp_path, monkeypatch
):
    exported = []  # test_export shows what an export writes
    monkeypatch.setattr(export, "export_pocket", lambda model, folder: exported.append((model, folder)))
    changes = {"split": "everything", "epochs": 1, "export": True, "out": tmp_path, "version": "1.0"}
    everything = recipe.model_copy(update=changes | {"calibrate_with": (trained[0],)})

    assert train(everything, encoder_config()) == {}
    assert (tmp_path / CALIBRATION).read_text() == (trained[0] / CALIBRATION).read_text()
    assert json.loads((tmp_path / DESCRIPTION).read_text()) == {"name": "pocket", "version": "1.0"}
    assert (tmp_path / PHONE_MODEL).stat().st_size > 0
    ((model, folder),) = exported
    assert folder == tmp_path and not model.training


def test_a_run_is_not_calibrated_with_a_part_of_the_earlier_ones(recipe, trained, tmp_path):
    changes = {"split": "everything", "epochs": 1, "out": tmp_path / "out"}
    unfinished = recipe.model_copy(update=changes | {"calibrate_with": (trained[0], tmp_path)})

    with pytest.raises(RecipeError, match=r"there is no .*predictions\.npz"):
        train(unfinished, encoder_config())
    assert not (tmp_path / "out").exists(), "before anything is trained"


def test_the_same_seed_gives_the_same_weights(recipe, tmp_path):
    def weights(name, seed):
        run = recipe.model_copy(update={"out": tmp_path / name, "seed": seed, "epochs": 2})
        train(run, encoder_config())
        with np.load(run.out / "weights0.npz") as arrays:
            return {key: arrays[key] for key in arrays.files}

    first, again, other = weights("first", 3), weights("again", 3), weights("other", 4)
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert not all(np.array_equal(first[key], other[key]) for key in first)


def test_runs_with_one_start_begin_alike_and_see_their_data_in_another_order(recipe, tmp_path):
    def weights(name, **changes):
        run = recipe.model_copy(update={"out": tmp_path / name, "epochs": 1, "taken_back": 0.999} | changes)
        train(run, encoder_config())
        return dict(load_model(run.out, recipe.whisper).named_parameters())

    one, two, other = (
        weights("one", seed=3, start_seed=3),
        weights("two", seed=4, start_seed=3),
        weights("other", seed=4),
    )
    matrices = [name for name in one if name.startswith("scorers.") and one[name].ndim == 2]
    assert all((one[name] - two[name]).abs().max() < 4e-3 for name in matrices), "what was learnt is gone"
    assert any((one[name] - other[name]).abs().max() > 4e-3 for name in matrices)
    assert any(not torch.equal(one[name], two[name]) for name in one if name.startswith("encoder."))


def test_scores_begin_to_be_learnt_after_their_share_of_the_run(recipe, tmp_path):
    losses = {}
    for share in (0.0, 0.99):
        run = recipe.model_copy(update={"out": tmp_path / str(share), "epochs": 16, "scores_from": share})
        train(run, encoder_config())
        losses[share] = events(run.out, "step")[0]

    assert losses[0.99]["ctc"] == pytest.approx(losses[0.0]["ctc"], rel=0.01)
    assert "whole" in losses[0.0] and "whole" not in losses[0.99]


def test_what_the_scorers_have_learnt_is_taken_back(recipe, tmp_path):
    run = recipe.model_copy(update={"out": tmp_path, "epochs": 1, "taken_back": 0.999})
    train(run, encoder_config())
    torch.manual_seed(recipe.seed)
    start = dict(PocketModel(recipe.model, encoder_config()).named_parameters())
    moved = {
        name: float((parameter - start[name]).detach().abs().max())
        for name, parameter in load_model(tmp_path, recipe.whisper).named_parameters()
    }

    scorers = [change for name, change in moved.items() if name.startswith(("scorers.", "free."))]
    assert max(scorers) < 2e-3  # saved in half precision
    assert max(moved.values()) > 1e-2, "the encoder keeps what it has learnt"


def test_a_time_limit_ends_training_early(recipe, tmp_path):
    run = recipe.model_copy(update={"out": tmp_path, "epochs": 10_000, "time_limit_s": 0.3})
    train(run, encoder_config())

    (stopped,) = events(tmp_path, "time_limit")
    assert stopped["step"] < events(tmp_path, "begin")[0]["steps"]


@pytest.mark.parametrize(
    ("split", "learn", "held"),
    [("dev", 12, 6), ("fold", 12, 6), ("official", 18, 6), ("everything", 24, 0)],
)
def test_a_split_holds_out_whole_speakers(recipe, split, learn, held):
    changed = recipe.model_copy(update={"split": split, "folds": 3})
    _, learnt, held_out = split_speakers(changed)

    assert (len(learnt), len(held_out)) == (learn, held)
    assert not {u.speaker for u in learnt} & {u.speaker for u in held_out}


def test_the_learning_rate_falls_to_a_small_share():
    assert decayed(0) == pytest.approx(1)
    assert decayed(0.5) == pytest.approx(0.51)
    assert decayed(1) == pytest.approx(0.02)


def test_the_shipped_recipe_is_of_this_kind():
    loaded = load_recipe("pocket", ["split=fold", "hold_out=1", "model.members=3", "encoder.layers=3"])

    assert isinstance(loaded, PocketRecipe)
    assert (loaded.hold_out, loaded.model.members) == (1, 3)
    assert config_of(loaded.encoder) == replace(WHISPER_BASE, layers=3)
    assert extra_of(loaded) == "train"
    with pytest.raises(RecipeError, match="there is no fold 5"):
        load_recipe("pocket", ["hold_out=5"])
