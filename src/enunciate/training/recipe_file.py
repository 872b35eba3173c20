"""Recipes: each training run is a YAML file, which is checked completely before anything is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

import yaml
from pydantic import (
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from enunciate.errors import RecipeError
from enunciate.schema import FrozenModel

_Kinds = TypeVar("_Kinds")


class TrainingRecipe(FrozenModel):
    """Values of every recipe; each kind adds `kind: Literal["its name"]` and its own values."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    # YAML reads a version such as 0.2 as a number.

    corpus: Path
    """Folder of Speechocean762."""
    out: Path
    """Folder that receives weights, log and metrics."""
    seed: int = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"


class SplitRecipe(TrainingRecipe):
    """Values of recipes that train on some speakers and report on others."""

    split: Literal["train", "test", "all"] = "train"
    """Train on the speakers of one split, or of both."""
    folds: Annotated[int, Field(ge=0)] = Field(default=0, validate_default=True)
    """With 2 or more, the test split's speakers are dealt into this many folds, and fold `hold_out` is
    reported on instead of the whole split. `split: all` then trains on the other folds too, which helps if
    only the test split has scores."""
    hold_out: Annotated[int, Field(ge=0)] = Field(default=0, validate_default=True)
    """The held-out fold, counted from 0."""
    dev_speakers: Annotated[int, Field(ge=0)] = 12
    """About this many of the training speakers choose the best weights instead; 0 keeps the last weights."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Train on only this many utterances, the first ones, for a trial."""
    report: bool = True
    """After training, evaluate the kept weights on the held-out fold or the test split."""

    @property
    def speakers_held_out(self) -> bool:
        """Whether a fold of the test split is held out."""
        return self.folds >= 2

    @field_validator("hold_out")
    @classmethod
    def _is_a_fold(cls, value: int, info: ValidationInfo) -> int:
        folds = info.data.get("folds", 0)
        if value and value >= max(folds, 1):
            raise ValueError(f"there is no fold {value}: folds is {folds}, and they are counted from 0")
        return value

    @field_validator("folds")
    @classmethod
    def _more_than_one(cls, value: int, info: ValidationInfo) -> int:
        if value == 1:
            raise ValueError("one fold would hold out everybody: give 0 for none, or 2 or more")
        if value == 0 and info.data.get("split") in ("test", "all"):
            raise ValueError("learning from the test split takes folds of 2 or more, or none is left to test")
        return value


def read_recipe(path: Path, kinds: TypeAdapter[_Kinds], overrides: Sequence[str] = ()) -> _Kinds:
    """Read a recipe and apply `key=value` overrides (dotted keys, YAML values).

    Args:
        path: A YAML file.
        kinds: The union of all kinds, discriminated by `kind`.
        overrides: Values that replace those of the file.

    Raises:
        RecipeError: The file, an override or a value is broken; all problems are named at once.
    """
    try:
        tree: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(str(path), [f"cannot be read: {error}"]) from error
    if not isinstance(tree, dict):
        raise RecipeError(str(path), ["is not a YAML mapping of keys to values"])
    values = cast("dict[str, Any]", tree)
    problems = [problem for override in overrides if (problem := _override(values, override))]
    try:
        recipe = kinds.validate_python(tree)
    except ValidationError as error:
        problems += [_problem(entry["loc"], entry["msg"]) for entry in error.errors()]
        raise RecipeError(str(path), problems) from error
    if problems:
        raise RecipeError(str(path), problems)
    return recipe


def _override(tree: dict[str, Any], override: str) -> str | None:
    key, equals, text = override.partition("=")
    if not equals:
        return f"{override}: an override is written key=value"
    *parents, last = key.split(".")
    for parent in parents:
        child = tree.setdefault(parent, {})
        if not isinstance(child, dict):
            return f"{key}: {parent} is a value, not a group of keys"
        tree = cast("dict[str, Any]", child)
    try:
        tree[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return f"{key}: '{text}' is not a YAML value ({error})"
    return None


def _problem(location: tuple[int | str, ...], message: str) -> str:
    """The location begins with the kind, which is left out; an empty location means `kind` itself."""
    key = ".".join(str(part) for part in location[1:]) or "kind"
    return f"{key}: {message.removeprefix('Value error, ')}"
