"""The kinds of recipes, and the trainer of each."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, get_args

from pydantic import Field, TypeAdapter

from enunciate.baselines.baseline_recipes import (
    BaselineRecipe,
    ForestRecipe,
    GopRecipe,
    GoptRecipe,
    HmmGopRecipe,
    StopwatchRecipe,
)
from enunciate.baselines.ssl.ssl_recipe import SslJointRecipe
from enunciate.errors import RecipeError
from enunciate.pocket.training.pocket_recipe import PocketRecipe
from enunciate.recipes import recipe_path
from enunciate.speech_lm.families.names import FamilyName
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.training.recipe_file import read_recipe

logger = logging.getLogger(__name__)

_Baseline = ForestRecipe | GopRecipe | GoptRecipe | HmmGopRecipe | StopwatchRecipe
Recipe = PocketRecipe | AdapterRecipe | _Baseline | SslJointRecipe
_ADAPTER_KINDS = ", ".join(f"'{name}'" for name in get_args(FamilyName))
_KINDS: TypeAdapter[Recipe] = TypeAdapter(Annotated[Recipe, Field(discriminator="kind")])


def load_recipe(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe of any kind and apply `key=value` overrides.

    Args:
        name_or_path: The name of a recipe of the package, such as `gop`, or the path of a YAML file.
        overrides: Dotted keys and YAML values that replace those of the file.

    Raises:
        RecipeError: There is no such recipe, or its file, an override or a value is wrong; the error names
            every problem.
    """
    return read_recipe(recipe_path(name_or_path), _KINDS, overrides)


def extra_of(recipe: Recipe) -> str:
    """Return the name of the optional extra that the trainer of a recipe needs."""
    if isinstance(recipe, HmmGopRecipe):
        return "pocketsphinx"
    if isinstance(recipe, StopwatchRecipe):
        return "eval"  # training itself needs the core alone
    if isinstance(recipe, BaselineRecipe):
        return "train" if isinstance(recipe, GoptRecipe) else "baselines"
    return "llm" if isinstance(recipe, AdapterRecipe | SslJointRecipe) else "train"


def run(recipe: Recipe, *, resume: bool = False, dry_run: bool = False) -> dict[str, str]:
    """Run the trainer of a recipe, or describe what it would do.

    Args:
        recipe: A recipe of any kind.
        resume: Resume from the last complete checkpoint in the recipe's `out`.
        dry_run: Describe the run and train nothing.

    Returns:
        The metrics of the run, or the facts about a dry run, by name, as they are shown.

    Raises:
        EnunciateError: Something that the user can correct.
        ModuleNotFoundError: An extra is missing; `extra_of` names it.
    """
    logger.debug("%r", recipe)
    if not dry_run:
        return _formatted(_train(recipe, resume))
    if not isinstance(recipe, AdapterRecipe):
        raise RecipeError(
            "--dry-run", [f"it is for recipes of the kinds {_ADAPTER_KINDS}, not '{recipe.kind}'"]
        )
    from enunciate.speech_lm.training.dry_run import dry_run as describe

    return describe(recipe)


def _train(recipe: Recipe, resume: bool) -> Mapping[str, float | None]:
    """Import the trainer only now, because each needs the packages of its extra."""
    if isinstance(recipe, AdapterRecipe):
        from enunciate.speech_lm.training.train import train as train_adapter

        return train_adapter(recipe, resume=resume)
    if isinstance(recipe, SslJointRecipe):
        from enunciate.baselines.ssl.train import train as train_ssl_joint

        return train_ssl_joint(recipe, resume=resume)
    if resume:
        raise RecipeError(
            "--resume",
            [f"it is for recipes of the kinds {_ADAPTER_KINDS} and 'ssl-joint', not '{recipe.kind}'"],
        )
    if isinstance(recipe, _Baseline):
        from enunciate.baselines.train import train as train_baseline

        return train_baseline(recipe)
    from enunciate.pocket.training.train_pocket import train as train_pocket

    return train_pocket(recipe)


def _formatted(metrics: Mapping[str, float | None]) -> dict[str, str]:
    return {name: "-" if value is None else f"{value:.4g}" for name, value in metrics.items()}
