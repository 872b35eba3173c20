"""A benchmark's plan as data: a YAML file lists its rows and says what trains each of them in each protocol.

    shared:                                  # trained once, for the rows that name it
      official:
        - {name: pocket, recipe: pocket, set: [split=official]}
    rows:
      - name: pocket
        official: [pocket]
      - name: gop
        official:
          - {name: model, recipe: gop, set: ["encoder={pocket}"]}

`{pocket}` stands for the folder of that stage. The weights that a row's last stage writes are tested; a name
in place of a stage is that of a shared one.
`stages` resolves a row of this file into the stages to run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

import yaml
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from enunciate.errors import RecipeError
from enunciate.recipes import recipe_path
from enunciate.schema import FrozenModel

TrainedProtocol = Literal["official", "folds"]
Protocol = TrainedProtocol | Literal["untrained"]
PROTOCOLS: tuple[TrainedProtocol, ...] = get_args(TrainedProtocol)
"""Those for which a plan has stages."""
_NAME = r"^[a-z0-9][a-z0-9.-]*$"


class Stage(FrozenModel):
    """One training run."""

    name: Annotated[str, Field(pattern=_NAME)]
    recipe: Path
    """In the plan, a path relative to it or the name of a recipe of the package; here, the recipe's path."""
    set: tuple[str, ...] = ()
    """Values that replace those of the recipe, as `key=value`."""
    each_fold: bool = False
    """Run it once per fold, with `{fold}` counted from 0: for trainers that hold out a single fold."""

    @field_validator("recipe", mode="before")
    @classmethod
    def _find_recipe(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str) or info.context is None:
            return value
        beside = Path(info.context["folder"]) / value
        try:
            return beside if beside.is_file() else recipe_path(value)
        except RecipeError as error:
            raise ValueError(f"{value} is neither beside this file nor a recipe of the package") from error


class Row(FrozenModel):
    """One system."""

    name: Annotated[str, Field(pattern=_NAME)]
    about: str
    weights: str | None = None
    """The name or folder of weights that are tested without training."""
    zero_shot: bool = False
    """Whether these weights were trained on no speaker of the corpus, so that they need no folds."""
    system: str | None = None
    """The command of a system that is not part of this package, with `{manifest}` and `{out}`."""
    answers: Path | None = None
    """The file of answers that such a system has given already, relative to the plan."""
    official: tuple[Stage | str, ...] = ()
    """What trains it, in order; a name stands for a shared stage."""
    folds: tuple[Stage | str, ...] = ()

    @field_validator("answers")
    @classmethod
    def _answers_beside_plan(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return value if value is None or info.context is None else Path(info.context["folder"]) / value


class SharedStages(FrozenModel):
    """Stages that several rows need."""

    official: tuple[Stage, ...] = ()
    folds: tuple[Stage, ...] = ()


class Plan(FrozenModel):
    """The whole file."""

    shared: SharedStages = SharedStages()
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]


def read_plan(path: Path) -> Plan:
    """Read a plan and find its recipes.

    Raises:
        RecipeError: The file is broken, two rows have the same name, or a recipe does not exist; the error
            names every problem.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        plan = Plan.model_validate(tree, context={"folder": path.parent})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(str(path), [f"cannot be read: {error}"]) from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise RecipeError(str(path), problems) from error
    names = [row.name for row in plan.rows]
    problems = [f"rows: '{name}' occurs twice" for name in sorted(set(names)) if names.count(name) > 1]
    problems += [
        f"rows: {row.name}: there is no shared stage {stage} in the {protocol} protocol"
        for row in plan.rows
        for protocol in PROTOCOLS
        for stage in getattr(row, protocol)
        if isinstance(stage, str) and stage not in {one.name for one in getattr(plan.shared, protocol)}
    ]
    if problems:
        raise RecipeError(str(path), problems)
    return plan


def with_systems(plan: Plan, systems: Sequence[str], answers: Sequence[str]) -> tuple[Plan, list[str]]:
    """Return a plan with rows of other systems added, and the names of these.

    Args:
        plan: The plan.
        systems: Their programs, as `NAME=COMMAND`.
        answers: Their files of answers, as `NAME=FILE`.

    Raises:
        RecipeError: One has not that form, or a name that is no name of a row or is taken; all are told.
    """
    taken = {row.name for row in plan.rows}
    rows: list[Row] = []
    problems: list[str] = []
    for key, given in (("system", systems), ("answers", answers)):
        for text in given:
            name, equals, value = text.partition("=")
            if not equals or not value:
                problems.append(f"--{key} {text}: write NAME=VALUE")
            elif name in taken:
                problems.append(f"--{key} {text}: there is a row {name} already")
            elif not re.fullmatch(_NAME, name):
                problems.append(f"--{key} {text}: a name has small letters, digits, dots and hyphens")
            else:
                taken.add(name)
                rows.append(Row.model_validate({"name": name, "about": f"{key}: {value}", key: value}))
    if problems:
        raise RecipeError("other systems", problems)
    return plan.model_copy(update={"rows": (*plan.rows, *rows)}), [row.name for row in rows]


def choose_rows(plan: Plan, names: Sequence[str]) -> list[Row]:
    """Return the rows of these names in the order in which they are named, or all rows without names.

    Raises:
        RecipeError: There is no such row.
    """
    rows = {row.name: row for row in plan.rows}
    unknown = [name for name in names if name not in rows]
    if unknown:
        raise RecipeError(
            "--rows", [f"there is no row {name}; there are {', '.join(rows)}" for name in unknown]
        )
    return [rows[name] for name in dict.fromkeys(names)] if names else list(plan.rows)
