"""Both training steps from a tiny corpus to an engine that assesses a clip."""

import contextlib
import json
import pickle
import shutil

import numpy as np
import pytest
import torch
from support.tone_corpus import RATE_HZ, WORDS, make_corpus, make_shard, render, segments_of

from enunciate.conformer.training import scorer_job
from enunciate.conformer.training import train_scorer as train_scorer_module
from enunciate.conformer.training.conformer_recipes import RecogniserRecipe, ScorerRecipe
from enunciate.conformer.training.export import export_scorer
from enunciate.conformer.training.recogniser import WEIGHTS, load_recogniser
from enunciate.conformer.training.scorer_data import load_clips
from enunciate.conformer.training.train_recogniser import train as train_recogniser
from enunciate.conformer.training.train_scorer import ScorerTraining
from enunciate.conformer.training.train_scorer import train as train_scorer
from enunciate.conformer.weights_folder import (
    CALIBRATION,
    DESCRIPTION,
    ENCODER,
    HELD_OUT,
    PHONE_MODEL,
    SCORER,
    SCORER_WITHOUT_REFERENCE,
)
from enunciate.conformer.weights_folder import FOLDS as FOLDERS
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.engines import load_assessor
from enunciate.errors import CorpusError
from enunciate.schema import ASPECTS, Assessment, Clip, Utterance

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

TINY = {"width": 48, "layers": 2, "heads": 2, "ff_width": 64, "kernel": 7, "quality_width": 8}
STILL = {"noise_probability": 0, "room_probability": 0, "tilt": 0.2, "frequency_masks": 0, "time_masks": 0}
FOLDS = 2


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_corpus(tmp_path_factory.mktemp("corpus"), {"train": 4, "test": 6}, clips_each=4)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    return make_shard(tmp_path_factory.mktemp("synthetic"), clips=16)


def recogniser_recipe(corpus, out, **changes):
    values = {
        "kind": "recogniser",
        "corpus": corpus,
        "out": out,
        "steps": 80,
        "warmup_steps": 15,
        "batch_frames": 1_500,
        "learning_rate": 4e-3,
        "ema_decay": 0.9,
        "align_at": (0.6,),
        "time_limit_s": 1e6,  # the schedule follows the steps alone
        "workers": 1,
        "device": "cpu",
        "encoder": TINY | {"dropout": 0.0, "layer_drop": 0.0},
        "augment": STILL | {"tempo": 0.05, "warp": 0.02},
    }
    return RecogniserRecipe(**(values | changes))


@pytest.fixture(scope="module")
def recogniser(corpus, synthetic, tmp_path_factory):
    out = tmp_path_factory.mktemp("recogniser")
    recipe = recogniser_recipe(corpus, out, synthetic=synthetic, synthetic_share=(0.6, 0.4))
    return out, train_recogniser(recipe)


def events(folder, name):
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


def test_the_recogniser_learns(recogniser):
    folder, metrics = recogniser
    (aligned,), (data,) = events(folder, "aligned"), events(folder, "data")

    assert events(folder, "step")[0]["ctc"] > 5
    assert metrics["per"] < 0.8, "a guess gets nearly all phones wrong"
    assert metrics["reported_utterances"] == 24
    assert aligned["clips"] == data["recordings"] == 16, "synthetic clips have their times already"
    assert data["synthetic"] == 16
    assert json.loads((folder / "metrics.json").read_text()) == metrics


def test_the_loss_goes_down(corpus, tmp_path):
    """Steps are logged by the hundred, so one hundred and one of the cheapest."""
    train_recogniser(recogniser_recipe(corpus, tmp_path, steps=101, batch_frames=300, split="all"))
    first, last = events(tmp_path, "step")

    assert last["ctc"] < 0.5 * first["ctc"]
    assert first["frame"] == first["quality"] == 0, "nothing was aligned yet"
    assert last["frame"] > 0 and last["quality"] > 0


def test_the_same_seed_gives_the_same_weights(corpus, tmp_path):
    def weights(name, seed):
        recipe = recogniser_recipe(corpus, tmp_path / name, steps=6, align_at=(0.5,), split="all", seed=seed)
        train_recogniser(recipe)
        return (recipe.out / WEIGHTS).read_bytes()

    first = weights("first", 7)
    assert weights("again", 7) == first
    assert weights("other", 8) != first


def test_a_time_limit_ends_training_early(corpus, tmp_path):
    train_recogniser(recogniser_recipe(corpus, tmp_path, steps=10_000, time_limit_s=0.5, split="all"))

    (stopped,) = events(tmp_path, "time_limit")
    assert stopped["step"] < 100
    load_recogniser(tmp_path)


@pytest.fixture(scope="module")
def crossed(corpus, synthetic, recogniser, tmp_path_factory):
    """Folder and metrics of a recogniser trained further on all speakers, with a model for each fold."""
    out = tmp_path_factory.mktemp("crossed")
    recipe = recogniser_recipe(
        corpus,
        out,
        start=recogniser[0],
        split="all",
        synthetic=synthetic,
        folds=FOLDS,
        steps=12,
        learning_rate=2e-3,
        align_at=(0.0,),
    )
    return out, train_recogniser(recipe)


def held_out_ids(folder):
    return [json.loads((folder / FOLDERS / str(k) / HELD_OUT).read_text()) for k in range(FOLDS)]


def test_folds_of_the_recogniser_leave_labelled_speakers_out(corpus, crossed):
    folder, metrics = crossed
    utterances = {u.id: u for u in load_corpus(corpus, "all")}
    held = held_out_ids(folder)

    assert sorted(key for fold in held for key in fold) == sorted(
        key for key, u in utterances.items() if u.scores is not None
    )
    speakers = [{utterances[key].speaker for key in fold} for fold in held]
    assert not set.intersection(*speakers)
    assert [metrics[f"fold_{k}_reported_utterances"] for k in range(FOLDS)] == [len(h) for h in held]
    assert [event["recordings"] for event in events(folder, "data")] == [40]
    assert [event["clips"] for event in events(folder, "aligned")] == [40, *(40 - len(h) for h in held)]


def test_training_further_freezes_the_quality_head_alone(recogniser, crossed):
    before = load_recogniser(recogniser[0]).state_dict()
    for folder in (crossed[0], *(crossed[0] / FOLDERS).iterdir()):
        after = load_recogniser(folder).state_dict()
        for name, weights in before.items():
            frozen = name.startswith("quality.") or weights.ndim == 0
            assert torch.equal(weights, after[name]) == frozen, name


def scorer_recipe(corpus, recogniser, out, **changes):
    values = {
        "kind": "scorer",
        "corpus": corpus,
        "recogniser": recogniser,
        "out": out,
        "folds": FOLDS,
        "workers": 1,
        "version": "test",
        "scorer": {"width": 16, "layers": 1, "heads": 2, "epochs": 6, "members": 2, "dropout": 0.0},
    }
    return ScorerRecipe(**(values | changes))


class InThisProcess(contextlib.nullcontext):
    """Stands in for a pool of processes, each of which would import torch again."""

    def __init__(self, max_workers, mp_context):
        super().__init__(self)

    def map(self, function, jobs):
        return [function(pickle.loads(pickle.dumps(job))) for job in jobs]


@pytest.fixture(scope="module")
def pocket(corpus, synthetic, crossed, tmp_path_factory):
    """Folder and metrics of a scorer run, and what its jobs had in common.

    The scorers of the folds are not exported, which would take most of the time.
    """
    out = tmp_path_factory.mktemp("pocket")
    trainings = []

    class Kept(ScorerTraining):
        def __init__(self, recipe):
            super().__init__(recipe)
            trainings.append(self)

    def export(model, quality_width, path):
        if path.parent == out:
            export_scorer(model, quality_width, path)
        else:
            torch.save(model.state_dict(), path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_scorer_module, "ProcessPoolExecutor", InThisProcess)
        patch.setattr(train_scorer_module, "ScorerTraining", Kept)
        patch.setattr(scorer_job, "export_scorer", export)
        metrics = train_scorer(scorer_recipe(corpus, crossed[0], out, synthetic=synthetic, synthetic_clips=8))
    return out, metrics, trainings[0]


def test_a_scorer_learns_from_each_speaker_through_a_model_that_left_them_out(crossed, pocket):
    _, _, training = pocket
    encoders = {(training.folder_of(fold) / ENCODER).read_bytes() for fold in (None, *range(FOLDS))}
    assert len(encoders) == 1 + FOLDS
    for fold, held in enumerate(training.folds):
        folder = crossed[0] / FOLDERS / str(fold)
        unseen = json.loads((folder / HELD_OUT).read_text())
        assert held and {training.utterances[index].id for index in held} <= set(unseen)
        with_reference, without_reference = training.jobs(fold)
        assert with_reference.recogniser == without_reference.recogniser == folder
        assert not {u.id for u in with_reference.utterances} & set(unseen)
        # the features of a fold's clips come from its own encoder: computed again, they are the same
        again = load_clips([training.utterances[held[0]]], [training.folder_of(fold) / ENCODER], 1)[0]
        np.testing.assert_array_equal(again.features.phone, training.clips[held[0]].features.phone)
    assert training.jobs(None)[0].recogniser == crossed[0]


def test_without_folds_of_the_recogniser_speakers_are_split_here(corpus, recogniser, tmp_path):
    training = ScorerTraining(scorer_recipe(corpus, recogniser[0], tmp_path))
    speakers = [{training.utterances[index].speaker for index in held} for held in training.folds]

    assert len(speakers) == FOLDS and not set.intersection(*speakers)
    assert sorted(index for held in training.folds for index in held) == list(range(24))
    assert [training.recogniser_of(fold) for fold in (None, 0, 1)] == [recogniser[0]] * 3


def test_a_fold_that_misses_speakers_is_refused(corpus, crossed, tmp_path):
    shutil.copytree(crossed[0], tmp_path / "some")
    (tmp_path / "some" / FOLDERS / "0" / HELD_OUT).write_text("[]")
    with pytest.raises(CorpusError, match="no fold leaves out utterance"):
        train_scorer(scorer_recipe(corpus, tmp_path / "some", tmp_path / "out"))


def test_outer_folds_are_disjoint_in_speakers_and_cover_everything(corpus, pocket):
    utterances = {u.id: u for u in load_corpus(corpus, "test")}
    held = held_out_ids(pocket[0])

    assert sorted(key for fold in held for key in fold) == sorted(utterances)
    speakers = [{utterances[key].speaker for key in fold} for fold in held]
    assert sum(map(len, speakers)) == len(set.union(*speakers)) == 6


def test_cross_validation_is_reported(pocket):
    folder, metrics, _ = pocket

    assert {*ASPECTS, "phone"} <= set(metrics)
    assert all(-1 <= value <= 1 for value in metrics.values())
    assert json.loads((folder / "cross_validation.json").read_text()) == metrics


def test_each_fold_has_all_files_of_an_engine_and_a_scorer_of_its_own(pocket):
    folder = pocket[0]
    names = {ENCODER, SCORER, SCORER_WITHOUT_REFERENCE, CALIBRATION, DESCRIPTION, PHONE_MODEL}

    for fold in (folder / FOLDERS).iterdir():
        assert names <= {path.name for path in fold.iterdir()}
    assert len({(fold / SCORER).read_bytes() for fold in (folder / FOLDERS).iterdir()}) == FOLDS


SPOKEN = [list(WORDS[word]) for word in ("SEE", "ME", "COO")]


@pytest.fixture(scope="module")
def clip():
    return Clip(samples=render(SPOKEN, np.random.default_rng(5)), sample_rate_hz=RATE_HZ)


def test_the_folder_assesses_a_clip(pocket, clip):
    engine = load_assessor(pocket[0])
    (assessment,) = engine.assess([Utterance(id="a", audio=clip, text="see me coo")])

    assert engine.name == assessment.model == "pocket test"
    assert Assessment.model_validate_json(assessment.model_dump_json()) == assessment
    assert [word.text.upper() for word in assessment.words] == ["SEE", "ME", "COO"]
    assert [phone.phone for phone in assessment.phones] == ["S", "IY", "M", "IY", "K", "UW"]
    assert assessment.duration_s == pytest.approx(len(clip.samples) / RATE_HZ)
    assert assessment.total.low <= assessment.total.value <= assessment.total.high


def test_the_folder_finds_phones_where_they_were_said(pocket, clip):
    (assessment,) = load_assessor(pocket[0]).assess([Utterance(id="a", audio=clip, text="see me coo")])
    true = [(start_s, end_s) for phone, start_s, end_s in segments_of(SPOKEN) if phone != "SIL"]

    np.testing.assert_allclose([(p.start_s, p.end_s) for p in assessment.phones], true, atol=0.05)


def test_the_folder_recognises_without_reference(pocket, clip):
    engine = load_assessor(pocket[0])
    utterance = Utterance(id="a", audio=clip)
    (assessment,), (heard,) = engine.assess([utterance]), engine.recognise([utterance])

    assert not assessment.used_reference and assessment.words == ()
    assert tuple(phone.phone for phone in assessment.phones) == heard
    assert set(heard) <= set("S IY M K UW AA".split())
