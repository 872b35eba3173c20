"""The rows of a benchmark as data: a YAML file says what each is trained by, in each protocol.

    shared:                                  # trained once, for the rows that name it
      official:
        - {name: recogniser, recipe: pocket-recogniser.yaml}
    rows:
      - name: gop
        official:
          - {name: model, recipe: gop.yaml, set: ["split=train", "encoder={recogniser}"]}

`{recogniser}` becomes the folder of that stage; what a row's last stage wrote is what is tested.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import yaml
from pydantic import Field, ValidationError

from enunciate.errors import RecipeError
from enunciate.schema import FrozenModel
from enunciate.trainers import Recipe, load_recipe

Protocol = Literal["official", "folds"]
WEIGHTS = "weights"
_NAME = r"^[a-z0-9][a-z0-9.-]*$"
_PLACE = re.compile(r"\{([a-z0-9.-]+)\}")


class Stage(FrozenModel):
    """One training run."""

    name: Annotated[str, Field(pattern=_NAME)]
    recipe: Path
    """Beside the file of rows."""
    set: tuple[str, ...] = ()
    """Values that take the place of the recipe's, as `key=value`."""
    each_fold: bool = False
    """Run it for each of five folds, with `{fold}` counted from 0: for trainers that hold one fold out."""


class Row(FrozenModel):
    """One system."""

    name: Annotated[str, Field(pattern=_NAME)]
    about: str
    weights: str | None = None
    """A model that is tested as it is: a name, or a folder of weights; then nothing is trained."""
    zero_shot: bool = False
    """Whether these weights have learnt from no speaker of the corpus, so that they need no folds."""
    official: tuple[Stage, ...] = ()
    folds: tuple[Stage, ...] = ()


class Shared(FrozenModel):
    """Stages of several rows."""

    official: tuple[Stage, ...] = ()
    folds: tuple[Stage, ...] = ()


class Plan(FrozenModel):
    """The whole file."""

    shared: Shared = Shared()
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]


N_FOLDS = 5


@dataclass(frozen=True)
class Run:
    """A stage with its values in place, ready to be trained."""

    key: str
    """`recogniser` of what is shared, `gop/model` of a row."""
    recipe: Path
    settings: tuple[str, ...]
    """Placeholders are still in them."""
    places: tuple[str, ...]
    """Stages whose folders they name."""
    fold: int | None


def read_plan(path: Path) -> Plan:
    """Read a file of rows.

    Raises:
        RecipeError: the file is broken, a name comes twice, or a recipe is not there; all problems at once.
    """
    try:
        plan = Plan.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(str(path), [f"cannot be read: {error}"]) from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise RecipeError(str(path), problems) from error
    names = [row.name for row in plan.rows]
    problems = [f"rows: '{name}' comes twice" for name in sorted(set(names)) if names.count(name) > 1]
    shared = [stage for protocol in (plan.shared.official, plan.shared.folds) for stage in protocol]
    stages = shared + [stage for row in plan.rows for stage in (*row.official, *row.folds)]
    missing = sorted({str(s.recipe) for s in stages if not (path.parent / s.recipe).is_file()})
    problems += [f"recipe: {name} is not beside {path.name}" for name in missing]
    if problems:
        raise RecipeError(str(path), problems)
    return plan


def choose_rows(plan: Plan, names: Sequence[str]) -> list[Row]:
    """The rows of these names, in the order in which they are named; without names all.

    Raises:
        RecipeError: there is no such row.
    """
    known = {row.name: row for row in plan.rows}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise RecipeError(
            "--rows", [f"there is no row {name}; there are {', '.join(known)}" for name in unknown]
        )
    return [known[name] for name in dict.fromkeys(names)] if names else list(plan.rows)


# ------------------------------------------------------------------------------------------- overrides


@dataclass(frozen=True)
class Override:
    """`[WHOSE:]KEY=VALUE`; whose is a row, a shared stage, or `ROW/STAGE`.

    Without it the value is for every stage that has the key.
    """

    whose: str | None
    key: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Override:
        """Read one.

        Raises:
            RecipeError: it is not of that form.
        """
        place, equals, value = text.partition("=")
        if not equals or not place:
            raise RecipeError("--override", [f"{text}: an override is written [ROW:]KEY=VALUE"])
        whose, colon, key = place.rpartition(":")
        return cls(whose if colon else None, key, value)

    def concerns(self, key: str) -> bool:
        """Whether it is for the stage of this key, if that has such a value."""
        return self.whose in (None, key, key.partition("/")[0])


def weights_of(row: Row, overrides: Sequence[Override]) -> str | None:
    """The weights that a row is tested with as they are."""
    given = [o.value for o in overrides if o.key == WEIGHTS and o.whose == row.name]
    return given[-1] if given else row.weights


def runs_of(
    row: Row, plan: Plan, protocol: Protocol, folder: Path, overrides: Sequence[Override]
) -> list[Run]:
    """What must be trained for a row, in order, shared stages that it needs first.

    Args:
        row: The row.
        plan: Of which it is.
        protocol: Which of its forms.
        folder: Of the recipes.
        overrides: Those of the command line.
    """
    own = [run for stage in getattr(row, protocol) for run in _runs(stage, f"{row.name}/", folder, overrides)]
    shared = {stage.name: _runs(stage, "", folder, overrides)[0] for stage in getattr(plan.shared, protocol)}
    wanted: list[Run] = []

    def add(run: Run) -> None:
        for place in run.places:
            if place in shared and shared[place] not in wanted:
                add(shared[place])
        wanted.append(run)

    for run in own:
        add(run)
    return wanted


def _runs(stage: Stage, prefix: str, folder: Path, overrides: Sequence[Override]) -> list[Run]:
    key, path = prefix + stage.name, folder / stage.recipe
    tree = cast("dict[str, Any]", yaml.safe_load(path.read_text(encoding="utf-8")))
    fields = _fields_of(path)
    values = {setting.partition("=")[0]: setting.partition("=")[2] for setting in stage.set}
    for override in overrides:
        if override.concerns(key) and override.key.partition(".")[0] in fields:
            values[override.key] = override.value
    settings = tuple(f"{name}={value}" for name, value in values.items())
    text = " ".join([*settings, *(str(v) for k, v in tree.items() if k not in values)])
    places = tuple(dict.fromkeys(name for name in _PLACE.findall(text) if name != "fold"))
    folds: list[int | None] = list(range(N_FOLDS)) if stage.each_fold else [None]
    return [Run(key if n is None else f"{key}-{n}", path, settings, places, n) for n in folds]


def _fields_of(path: Path) -> frozenset[str]:
    return frozenset(type(load_recipe(path)).model_fields)


def unused(overrides: Sequence[Override], runs: Sequence[Run], rows: Sequence[Row]) -> list[str]:
    """Problems of overrides that no stage takes: a slip of the pen must not go unnoticed."""
    problems: list[str] = []
    for one in overrides:
        if one.key == WEIGHTS and any(row.name == one.whose for row in rows):
            continue
        taken = [
            run
            for run in runs
            if one.concerns(run.key) and any(s.startswith(f"{one.key}=") for s in run.settings)
        ]
        if not taken:
            whose = f"{one.whose}:" if one.whose else ""
            problems.append(f"{whose}{one.key}={one.value}: no chosen row takes it")
    return problems


def recipe_of(run: Run, corpus: Path, out: Path, folders: Mapping[str, Path]) -> Recipe:
    """The recipe to train.

    Args:
        run: What to train.
        corpus: Takes the place of the recipe's.
        out: Likewise.
        folders: Of the stages, by the names that placeholders have.

    Raises:
        RecipeError: values are wrong, or a placeholder names no stage.
    """
    known = {name: str(path) for name, path in folders.items()} | {"fold": str(run.fold)}
    unknown = [place for place in run.places if place not in known]
    if unknown:
        raise RecipeError(run.key, [f"{{{place}}} is no stage before it" for place in unknown])
    filled = [_PLACE.sub(lambda match: known[match[1]], setting) for setting in run.settings]
    return load_recipe(run.recipe, [*filled, f"corpus={corpus}", f"out={out}"])
