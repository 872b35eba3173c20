"""The stages of a row in the order in which they run, with overrides and placeholders resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from enunciate.benchmark.plan import Plan, Row, Stage, TrainedProtocol
from enunciate.errors import RecipeError
from enunciate.trainers import Recipe, load_recipe

N_FOLDS = 5
WEIGHTS = "weights"
"""The key of an override that gives a row weights in place of training."""
_PLACEHOLDER = re.compile(r"\{([a-z0-9.-]+)\}")


@dataclass(frozen=True)
class StageRun:
    """A stage, or one of its folds, with its overrides applied."""

    key: str
    """`pocket` for a shared stage, `gop/model` for the stage of a row."""
    recipe: Path
    settings: tuple[str, ...]
    """`key=value`, still with placeholders."""
    inputs: tuple[str, ...]
    """Names of the stages whose folders the placeholders stand for."""
    fold: int | None


@dataclass(frozen=True)
class Override:
    """`[TARGET:]KEY=VALUE` of the command line; the target is a row, a shared stage, or `ROW/STAGE`.

    Without a target the value applies to every stage that has the key.
    """

    target: str | None
    key: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Override:
        """Parse the form of the command line.

        Raises:
            RecipeError: The text does not have that form.
        """
        place, equals, value = text.partition("=")
        if not equals or not place:
            raise RecipeError("--override", [f"{text}: an override is written [ROW:]KEY=VALUE"])
        target, colon, key = place.rpartition(":")
        return cls(target if colon else None, key, value)

    def targets(self, stage_key: str) -> bool:
        """Whether the override is meant for a stage, provided that its recipe has the key."""
        return self.target in (None, stage_key, stage_key.partition("/")[0])


def weights_of(row: Row, overrides: Sequence[Override]) -> str | None:
    """Return the weights that a row is tested with without training; None where it is trained."""
    given = [o.value for o in overrides if o.key == WEIGHTS and o.target == row.name]
    return given[-1] if given else row.weights


def stage_runs(
    row: Row, plan: Plan, protocol: TrainedProtocol, overrides: Sequence[Override]
) -> list[StageRun]:
    """Return what must be trained for a row, in order, each shared stage before the first that needs it."""
    shared = {stage.name: _expand(stage, "", overrides)[0] for stage in getattr(plan.shared, protocol)}
    own: list[StageRun] = []
    for stage in getattr(row, protocol):
        own += [shared[stage]] if isinstance(stage, str) else _expand(stage, f"{row.name}/", overrides)
    ordered: list[StageRun] = []

    def add(run: StageRun) -> None:
        for name in run.inputs:
            if name in shared and shared[name] not in ordered:
                add(shared[name])
        ordered.append(run)

    for run in own:
        add(run)
    return ordered


def _expand(stage: Stage, prefix: str, overrides: Sequence[Override]) -> list[StageRun]:
    """Apply overrides to a stage and split it into its folds."""
    key = prefix + stage.name
    tree = cast("dict[str, Any]", yaml.safe_load(stage.recipe.read_text(encoding="utf-8")))
    fields = type(load_recipe(stage.recipe)).model_fields
    values = {setting.partition("=")[0]: setting.partition("=")[2] for setting in stage.set}
    for override in overrides:
        if override.targets(key) and override.key.partition(".")[0] in fields:
            values[override.key] = override.value
    settings = tuple(f"{name}={value}" for name, value in values.items())
    text = " ".join([*settings, *(str(v) for k, v in tree.items() if k not in values)])
    inputs = tuple(dict.fromkeys(name for name in _PLACEHOLDER.findall(text) if name != "fold"))
    folds: list[int | None] = list(range(N_FOLDS)) if stage.each_fold else [None]
    return [StageRun(key if n is None else f"{key}-{n}", stage.recipe, settings, inputs, n) for n in folds]


def unused_overrides(
    overrides: Sequence[Override], runs: Sequence[StageRun], rows: Sequence[Row]
) -> list[str]:
    """Return a problem for each override that applies to no stage, so that misspelled ones are rejected."""
    problems: list[str] = []
    for override in overrides:
        if override.key == WEIGHTS and any(row.name == override.target for row in rows):
            continue
        applied = any(
            override.targets(run.key) and any(s.startswith(f"{override.key}=") for s in run.settings)
            for run in runs
        )
        if not applied:
            target = f"{override.target}:" if override.target else ""
            problems.append(f"{target}{override.key}={override.value}: no chosen row takes it")
    return problems


def resolve_recipe(run: StageRun, corpus: Path, out: Path, folders: Mapping[str, Path]) -> Recipe:
    """Return the recipe that a stage trains.

    Args:
        run: The stage.
        corpus: Replaces the recipe's corpus.
        out: Replaces the recipe's output folder.
        folders: The folder of each stage, by the name that placeholders use.

    Raises:
        RecipeError: A value is wrong, or a placeholder names no earlier stage.
    """
    known = {name: str(path) for name, path in folders.items()} | {"fold": str(run.fold)}
    unknown = [name for name in run.inputs if name not in known]
    if unknown:
        raise RecipeError(run.key, [f"{{{name}}} is not an earlier stage" for name in unknown])
    filled = [_PLACEHOLDER.sub(lambda match: known[match[1]], setting) for setting in run.settings]
    return load_recipe(run.recipe, [*filled, f"corpus={corpus}", f"out={out}"])
