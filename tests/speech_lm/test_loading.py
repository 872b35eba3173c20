"""Loading and running an adapter: nothing of training is imported, and a broken folder is refused."""

from pathlib import Path

import pytest
from support.paths import ASSETS
from support.speech_lm_runs import run_python

from enunciate.engines import load_assessor
from enunciate.errors import ModelNotFoundError, RecipeError

RUN = """
import sys
from pathlib import Path
from enunciate.engines import load_assessor
from enunciate.schema import Utterance

folder, clip = sys.argv[1:]
(assessment,) = load_assessor(folder).assess([Utterance(id="a", audio=Path(clip))])
assert assessment.transcript is not None
names = [name for name in sys.modules if name.startswith("enunciate.")]
print(*[name for name in names if "training" in name.split(".") or name == "enunciate.trainers"])
"""


@pytest.mark.slow
def test_running_an_adapter_imports_nothing_of_training(tiny_adapter: Path) -> None:
    done = run_python("-c", RUN, tiny_adapter, ASSETS / "correct.flac")
    assert done.stdout.strip() == ""


def test_an_adapter_without_its_recipe_is_refused(tiny_adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_bytes((tiny_adapter / "adapter_config.json").read_bytes())
    with pytest.raises(ModelNotFoundError, match=r"no recipe\.json"):
        load_assessor(tmp_path)


def test_every_problem_of_a_saved_recipe_is_named(tiny_adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_bytes((tiny_adapter / "adapter_config.json").read_bytes())
    (tmp_path / "recipe.json").write_text(
        '{"kind": "phi4", "tasks": ["poetry"], "precision": "half", "prompt": {"colour": "red"}}'
    )
    with pytest.raises(RecipeError) as caught:
        load_assessor(tmp_path)
    keys = {problem.split(":")[0] for problem in caught.value.problems}
    assert keys >= {"tasks.0", "precision", "prompt.colour"}


def test_a_saved_recipe_may_have_values_that_only_training_knows(tiny_adapter: Path, tmp_path: Path) -> None:
    from enunciate.speech_lm.loading import read_description

    (tmp_path / "recipe.json").write_text('{"kind": "phi4", "tasks": ["mdd"], "epochs": 3, "later": true}')
    assert read_description(tmp_path).tasks == ("mdd",)
