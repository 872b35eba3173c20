"""Both training steps from a tiny corpus to an engine that assesses a clip."""

import json
import shutil

import numpy as np
import pytest
import torch
from support.tone_corpus import RATE_HZ, WORDS, make_corpus, make_shard, render, segments_of

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.engines import load_assessor
from enunciate.errors import CorpusError
from enunciate.pocket.training.pocket_recipes import RecogniserRecipe, ScorerRecipe
from enunciate.pocket.training.recogniser import WEIGHTS, load_recogniser
from enunciate.pocket.training.scorer_data import load_clips
from enunciate.pocket.training.train_recogniser import train as train_recogniser
from enunciate.pocket.training.train_scorer import ScorerTraining
from enunciate.pocket.training.train_scorer import train as train_scorer
from enunciate.pocket.weights_folder import (
    CALIBRATION,
    DESCRIPTION,
    ENCODER,
    HELD_OUT,
    PHONE_MODEL,
    SCORER,
    SCORER_WITHOUT_REFERENCE,
)
from enunciate.pocket.weights_folder import FOLDS as FOLDERS
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


@pytest.fixture(scope="module")
def pocket(corpus, synthetic, recogniser, tmp_path_factory):
    out = tmp_path_factory.mktemp("pocket")
    recipe = ScorerRecipe(
        kind="scorer",
        corpus=corpus,
        recogniser=recogniser[0],
        out=out,
        synthetic=synthetic,
        synthetic_clips=8,
        folds=FOLDS,
        workers=1,
        version="test",
        scorer={"width": 16, "layers": 1, "heads": 2, "epochs": 6, "members": 2, "dropout": 0.0},
    )
    return out, train_scorer(recipe)


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
def everything(corpus, recogniser, tmp_path_factory):
    """A recogniser that went on from the first one, on all speakers, with a model for each fold."""
    out = tmp_path_factory.mktemp("everything")
    recipe = recogniser_recipe(
        corpus, out, start=recogniser[0], split="all", folds=FOLDS, steps=12, align_at=(0.0,)
    )
    return out, train_recogniser(recipe)


def test_folds_of_the_recogniser_leave_labelled_speakers_out(corpus, everything):
    utterances = {u.id: u for u in load_corpus(corpus, "all")}
    held = [json.loads((everything[0] / FOLDERS / str(k) / HELD_OUT).read_text()) for k in range(FOLDS)]

    assert sorted(key for fold in held for key in fold) == sorted(
        key for key, u in utterances.items() if u.scores is not None
    )
    speakers = [{utterances[key].speaker for key in fold} for fold in held]
    assert not set.intersection(*speakers)
    assert [everything[1][f"fold_{k}_reported_utterances"] for k in range(FOLDS)] == [len(h) for h in held]
    assert [event["recordings"] for event in events(everything[0], "data")] == [40]
    assert [event["clips"] for event in events(everything[0], "aligned")] == [
        40,
        *(40 - len(h) for h in held),
    ]


def test_going_on_keeps_what_the_scorer_reads_and_moves_the_rest(recogniser, everything):
    before = load_recogniser(recogniser[0]).state_dict()
    for folder in (everything[0], *(everything[0] / FOLDERS).iterdir()):
        after = load_recogniser(folder).state_dict()
        for name, weights in before.items():
            assert torch.equal(weights, after[name]) == (name.startswith("quality.") or weights.ndim == 0), (
                name
            )


def test_a_scorer_hears_each_speaker_through_a_model_that_left_them_out(corpus, everything, tmp_path):
    recipe = ScorerRecipe(kind="scorer", corpus=corpus, recogniser=everything[0], out=tmp_path, workers=1)
    training = ScorerTraining(recipe)
    training.export()
    training.listen()

    encoders = {(training.folder_of(fold) / ENCODER).read_bytes() for fold in (None, *range(FOLDS))}
    assert len(encoders) == 1 + FOLDS
    for fold, held in enumerate(training.folds):
        unseen = json.loads((everything[0] / FOLDERS / str(fold) / HELD_OUT).read_text())
        assert held and {training.utterances[index].id for index in held} <= set(unseen)
        with_text, without = training.jobs(fold)
        assert with_text.recogniser == without.recogniser == everything[0] / FOLDERS / str(fold)
        assert not {u.id for u in with_text.utterances} & set(unseen)
        # What is heard of a fold comes from its own encoder: heard again, it is the same.
        again = load_clips([training.utterances[held[0]]], [training.folder_of(fold) / ENCODER], 1)[0]
        np.testing.assert_array_equal(again.features.phone, training.clips[held[0]].features.phone)
    assert training.jobs(None)[0].recogniser == everything[0]


def test_a_fold_that_misses_speakers_is_refused(corpus, everything, tmp_path):
    shutil.copytree(everything[0], tmp_path / "some")
    (tmp_path / "some" / FOLDERS / "0" / HELD_OUT).write_text("[]")
    recipe = ScorerRecipe(kind="scorer", corpus=corpus, recogniser=tmp_path / "some", out=tmp_path / "out")
    with pytest.raises(CorpusError, match="no fold leaves out utterance"):
        train_scorer(recipe)


def test_outer_folds_are_disjoint_in_speakers_and_cover_everything(corpus, pocket):
    folder, _ = pocket
    utterances = {u.id: u for u in load_corpus(corpus, "test")}
    held = [json.loads((folder / "folds" / str(k) / "held_out.json").read_text()) for k in range(FOLDS)]

    assert sorted(key for fold in held for key in fold) == sorted(utterances)
    speakers = [{utterances[key].speaker for key in fold} for fold in held]
    assert sum(map(len, speakers)) == len(set.union(*speakers)) == 6


def test_cross_validation_is_reported(pocket):
    folder, metrics = pocket

    assert {*ASPECTS, "phone"} <= set(metrics)
    assert all(-1 <= value <= 1 for value in metrics.values())
    assert json.loads((folder / "cross_validation.json").read_text()) == metrics


def test_each_fold_is_an_engine_of_its_own(pocket):
    folder, _ = pocket
    names = {ENCODER, SCORER, SCORER_WITHOUT_REFERENCE, CALIBRATION, DESCRIPTION, PHONE_MODEL}

    for fold in (folder / "folds").iterdir():
        assert names <= {path.name for path in fold.iterdir()}
        assert (fold / ENCODER).read_bytes() == (folder / ENCODER).read_bytes()
    scorers = {(fold / SCORER).read_bytes() for fold in (folder / "folds").iterdir()}
    assert len(scorers) == FOLDS, "each learnt from other speakers"


SPOKEN = [list(WORDS[word]) for word in ("SEE", "ME", "COO")]


@pytest.fixture(scope="module")
def clip():
    return Clip(samples=render(SPOKEN, np.random.default_rng(5)), sample_rate_hz=RATE_HZ)


def test_the_result_assesses_a_clip(pocket, clip):
    engine = load_assessor(pocket[0])
    (found,) = engine.assess([Utterance(id="a", audio=clip, text="see me coo")])

    assert engine.name == found.model == "pocket test"
    assert Assessment.model_validate_json(found.model_dump_json()) == found
    assert [word.text.upper() for word in found.words] == ["SEE", "ME", "COO"]
    assert [phone.phone for phone in found.phones] == ["S", "IY", "M", "IY", "K", "UW"]
    assert found.duration_s == pytest.approx(len(clip.samples) / RATE_HZ)
    assert found.total.low <= found.total.value <= found.total.high


def test_the_result_finds_phones_in_their_place(pocket, clip):
    (found,) = load_assessor(pocket[0]).assess([Utterance(id="a", audio=clip, text="see me coo")])
    true = [(start_s, end_s) for phone, start_s, end_s in segments_of(SPOKEN) if phone != "SIL"]

    np.testing.assert_allclose([(p.start_s, p.end_s) for p in found.phones], true, atol=0.05)


def test_the_result_listens_without_text(pocket, clip):
    engine = load_assessor(pocket[0])
    utterance = Utterance(id="a", audio=clip)
    (found,), (heard,) = engine.assess([utterance]), engine.recognise([utterance])

    assert not found.used_reference and found.words == ()
    assert tuple(phone.phone for phone in found.phones) == heard
    assert set(heard) <= set("S IY M K UW AA".split())
