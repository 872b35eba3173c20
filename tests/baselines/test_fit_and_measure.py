"""Baselines learn from the train split and are measured on the test split, on a corpus of chords."""

import json

import numpy as np
import pytest
from support.baseline_runs import make_chord_corpus, recipe_of
from support.complete_corpus import without_train_scores

from enunciate.baselines.fit_and_measure import labelled_splits
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.engines import OnePassAssessor, load_assessor
from enunciate.errors import CorpusError
from enunciate.evaluation.run import evaluate
from enunciate.trainers import run

pytestmark = pytest.mark.slow


@pytest.fixture(params=["gop", "forest"])
def measured(request, chords):
    """The folder of a run and its metrics."""
    return request.getfixturevalue(request.param)


def test_the_metrics_of_training_are_those_of_the_engine_on_the_test_split(measured, chord_corpus, tmp_path):
    folder, metrics = measured
    engine, utterances = load_assessor(folder), load_corpus(chord_corpus, "test")
    assert isinstance(engine, OnePassAssessor)
    results = evaluate(engine, utterances, tmp_path)
    predicted = [assessment.accuracy.value for assessment in engine.assess(utterances)]
    human = [utterance.scores.accuracy for utterance in utterances]

    assert results.n_failed == 0 and results.models == (engine.name,)
    assert np.corrcoef(human, predicted)[0, 1] == pytest.approx(float(metrics["accuracy"]), abs=5e-4)


def test_a_run_of_the_same_recipe_gives_the_same_metrics(measured, chord_corpus, tmp_path):
    kind = "gop" if (measured[0] / "gop.json").is_file() else "prosody-forest"

    assert run(recipe_of(kind, chord_corpus, tmp_path / "out")) == measured[1]


def test_scores_that_are_known_as_ranges_are_learnt_from_too(tmp_path):
    corpus = make_chord_corpus(tmp_path)
    path = corpus / "resource" / "scores.json"
    rows = json.loads(path.read_text())
    names = [name for name in rows if name.startswith("train")]
    ranged = names[::2]
    for name in ranged:
        for aspect in ("fluency", "prosodic", "total"):
            del rows[name][aspect]
    path.write_text(json.dumps(rows))
    ranges = {name: {"fluency": [7, 8], "prosodic": [5, 6]} for name in ranged}
    (corpus / "resource" / "ranges.json").write_text(json.dumps(ranges))

    splits = labelled_splits(corpus)
    scores = {utterance.id: utterance.scores for utterance in splits.learn}

    assert list(scores) == names and len(splits.test) == len(rows) - len(names)
    assert (scores[ranged[0]].fluency, scores[ranged[0]].prosodic) == (7.5, 5.5)
    assert all(one.total is not None for one in scores.values())


def test_a_corpus_without_scores_to_learn_from_is_refused(tmp_path):
    corpus = without_train_scores(make_chord_corpus(tmp_path / "corpus", clips_each=1))

    with pytest.raises(CorpusError, match="no utterance of the train split"):
        run(recipe_of("gop", corpus, tmp_path / "out"))
