"""Folds over speakers, from recipe to engine, on a corpus of chords."""

import json

import numpy as np
import pytest
from support.baseline_runs import recipe_of
from support.tone_corpus import make_corpus

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.engines import OnePassAssessor, load_assessor
from enunciate.errors import CorpusError
from enunciate.evaluation.run import evaluate
from enunciate.trainers import run


@pytest.fixture(params=["gop", "forest"])
def cross_validated(request, chords):
    """The folder of a run and its metrics."""
    return request.getfixturevalue(request.param)


def held_out(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("folds/*/held_out.json"))]


def test_every_speaker_is_held_out_of_exactly_one_fold(cross_validated, chord_corpus):
    speaker = {u.id: u.speaker for u in load_corpus(chord_corpus, "test")}
    folds = held_out(cross_validated[0])
    speakers = [{speaker[name] for name in fold} for fold in folds]

    assert sorted(name for fold in folds for name in fold) == sorted(speaker)
    assert len(folds) == 2 and sum(map(len, speakers)) == len(set(speaker.values()))


def test_the_metrics_of_training_are_those_of_the_engines_of_the_folds(
    cross_validated, chord_corpus, tmp_path
):
    folder, metrics = cross_validated
    human, predicted = [], []
    for fold, held in zip(sorted((folder / "folds").iterdir()), held_out(folder), strict=True):
        engine = load_assessor(fold)
        utterances = [u for u in load_corpus(chord_corpus, "test") if u.id in held]
        assert isinstance(engine, OnePassAssessor)
        results = evaluate(engine, utterances, tmp_path / fold.name)
        assert results.n_failed == 0 and results.models == (engine.name,)
        human += [u.scores.accuracy for u in utterances]
        predicted += [a.accuracy.value for a in engine.assess(utterances)]

    assert np.corrcoef(human, predicted)[0, 1] == pytest.approx(float(metrics["accuracy"]), abs=5e-4)


def test_a_run_of_the_same_recipe_gives_the_same_metrics(cross_validated, chord_corpus, tmp_path):
    kind = "gop" if (cross_validated[0] / "gop.json").is_file() else "prosody-forest"

    assert run(recipe_of(kind, chord_corpus, tmp_path / "out")) == cross_validated[1]


def test_a_recipe_may_skip_the_folds(chord_corpus, tmp_path, chords):
    assert run(recipe_of("gop", chord_corpus, tmp_path / "out", cross_validate=False)) == {}
    assert not (tmp_path / "out" / "folds").exists()


def test_a_corpus_without_utterance_scores_is_refused(tmp_path):
    corpus = make_corpus(tmp_path / "corpus", {"train": 1, "test": 1}, clips_each=1)
    scores = corpus / "resource" / "scores.json"
    keep = {"text", "words"}
    rows = json.loads(scores.read_text()).items()
    scores.write_text(json.dumps({key: {k: v for k, v in row.items() if k in keep} for key, row in rows}))

    with pytest.raises(CorpusError, match="no utterance"):
        run(recipe_of("gop", corpus, tmp_path / "out"))


def test_more_folds_than_speakers_are_refused_before_listening(chord_corpus, tmp_path):
    with pytest.raises(CorpusError, match="6 speakers cannot be dealt into 7 folds"):
        run(recipe_of("gop", chord_corpus, tmp_path / "out", folds=7))
    assert not (tmp_path / "out").exists()
