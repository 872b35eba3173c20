"""Baselines trained once on a corpus of chords."""

import pytest
from support.baseline_runs import listen_to_chords, make_chord_corpus, recipe_of

from enunciate.trainers import run


@pytest.fixture
def chords(monkeypatch):
    """The encoder recognises chords."""
    listen_to_chords(monkeypatch)


@pytest.fixture(scope="session")
def chord_corpus(tmp_path_factory):
    return make_chord_corpus(tmp_path_factory.mktemp("chords"))


def train(kind, corpus, tmp_path_factory, **changes):
    """The folder of a run and its metrics."""
    recipe = recipe_of(kind, corpus, tmp_path_factory.mktemp(kind) / "out", **changes)
    with pytest.MonkeyPatch.context() as patch:
        listen_to_chords(patch)
        return recipe.out, run(recipe)


@pytest.fixture(scope="session")
def gop(chord_corpus, tmp_path_factory):
    return train("gop", chord_corpus, tmp_path_factory)


@pytest.fixture(scope="session")
def forest(chord_corpus, tmp_path_factory):
    pytest.importorskip("sklearn")
    return train("prosody-forest", chord_corpus, tmp_path_factory)


@pytest.fixture(scope="session")
def gopt(chord_corpus, tmp_path_factory):
    pytest.importorskip("onnxscript")
    return train("gopt", chord_corpus, tmp_path_factory)


@pytest.fixture(params=["gop", pytest.param("gopt", marks=pytest.mark.slow), "forest"])
def trained(request, chords):
    """The folder of each kind, loadable with the chord encoder."""
    return request.getfixturevalue(request.param)[0]
