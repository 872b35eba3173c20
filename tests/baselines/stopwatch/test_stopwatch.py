"""`stopwatch` learns that slow readings are scored low, needs no encoder, and scores no phones."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile as sf
from support.tone_corpus import make_corpus

from enunciate.baselines.baseline_recipes import StopwatchRecipe
from enunciate.baselines.folder import read_description
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.engines import load_assessor
from enunciate.errors import RecipeError
from enunciate.schema import ASPECTS, Clip, Utterance
from enunciate.trainers import load_recipe, run

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Later speakers are slower, and their scores are lower by as much."""
    root = make_corpus(tmp_path_factory.mktemp("corpus"), {"train": 8, "test": 4}, clips_each=4)
    path = root / "resource" / "scores.json"
    rows = json.loads(path.read_text())
    for split, count in (("train", 8), ("test", 4)):
        for utterance in load_corpus(root, split):
            number = int(utterance.speaker.removeprefix(split)) * 8 // count
            samples, _ = sf.read(utterance.audio)
            sf.write(utterance.audio, np.tile(samples, number + 1), RATE_HZ)
            rows[utterance.id] |= dict.fromkeys(ASPECTS, 10 - number)
    path.write_text(json.dumps(rows))
    return root


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    recipe = StopwatchRecipe(kind="stopwatch", corpus=corpus, out=tmp_path_factory.mktemp("out"), members=2)
    return recipe.out, run(recipe)


def test_it_learns_the_pace_of_other_speakers(trained, corpus):
    folder, metrics = trained
    utterances = load_corpus(corpus, "test")

    predicted = [assessment.total.value for assessment in load_assessor(folder).assess(utterances)]

    assert min(float(metrics[aspect]) for aspect in ASPECTS) > 0.9
    assert np.corrcoef(predicted, [utterance.scores.total for utterance in utterances])[0, 1] > 0.9


def test_it_gives_utterance_scores_with_intervals_and_nothing_else(trained, corpus):
    utterance = load_corpus(corpus, "test")[0]

    ((assessment, phones),) = load_assessor(trained[0]).assess_and_recognise([utterance])

    assert assessment.model == "stopwatch dev" and assessment.used_reference
    for aspect in ASPECTS:
        score = getattr(assessment, aspect)
        assert score.low <= score.value <= score.high
    assert (assessment.words, assessment.phones, assessment.rates, phones) == ((), (), None, None)


def test_it_scores_a_clip_without_a_text_and_looks_a_text_up(trained, corpus):
    engine = load_assessor(trained[0])
    known = load_corpus(corpus, "test")[0]
    without = known.model_copy(update={"text": None, "words": None})
    looked_up = known.model_copy(update={"words": None})

    free, by_text, by_words = engine.assess([without, looked_up, known])

    assert free.total is not None and not free.used_reference
    assert by_text.total == by_words.total


def test_the_sound_itself_changes_nothing(trained, tone):
    engine = load_assessor(trained[0])
    hum, hiss = tone(2.0), np.random.default_rng(0).uniform(-0.3, 0.3, 2 * RATE_HZ).astype(np.float32)

    scores = [
        engine.assess([Utterance(id="x", audio=Clip(samples=x, sample_rate_hz=RATE_HZ), text="see me")])[0]
        for x in (hum, hiss)
    ]

    assert scores[0].total == scores[1].total


def test_its_folder_names_no_encoder_and_its_recipe_takes_none(trained):
    assert read_description(trained[0]).encoder is None

    with pytest.raises(RecipeError, match="encoder: Extra inputs"):
        load_recipe("stopwatch", ["encoder=build/pocket-official"])
