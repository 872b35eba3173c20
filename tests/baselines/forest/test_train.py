"""Training of `prosody-forest` from the command line."""

import sys

from support.baseline_runs import recipe_of
from typer.testing import CliRunner

from enunciate.cli.app import app


def test_without_scikit_learn_the_extra_is_named(chord_corpus, tmp_path, monkeypatch):
    for name in ("sklearn", "sklearn.ensemble"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("train", "grow"):
        monkeypatch.delitem(sys.modules, f"enunciate.baselines.forest.{name}", raising=False)
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe_of("prosody-forest", chord_corpus, tmp_path / "out").model_dump_json())

    done = CliRunner().invoke(app, ["train", str(path)])

    assert done.exit_code == 2 and "enunciate[baselines]" in " ".join(done.output.split())
