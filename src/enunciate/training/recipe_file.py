"""Recipes: every run that trains something is a YAML file that is checked whole before anything is loaded."""

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
    """What each kind of recipe has; a kind adds `kind: Literal["its name"]` and its own values."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    # A version such as 0.2 is a number to YAML, and to whoever writes version=0.2.

    corpus: Path
    """Folder of Speechocean762."""
    out: Path
    """Folder that receives weights, log and metrics."""
    seed: int = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"


class SplitRecipe(TrainingRecipe):
    """What recipes have that learn from some speakers and are reported on others."""

    split: Literal["train", "test", "all"] = "train"
    """The speakers to learn from: one split, or both."""
    folds: Annotated[int, Field(ge=0)] = Field(default=0, validate_default=True)
    """With folds >= 2, the test split's speakers are dealt into so many, and fold `hold_out` is reported on
    instead of the whole split: where only that split has scores, `split: all` learns from the other folds."""
    hold_out: Annotated[int, Field(ge=0)] = Field(default=0, validate_default=True)
    """The fold that is not trained on, counted from 0."""
    dev_speakers: Annotated[int, Field(ge=0)] = 12
    """About so many of the speakers to learn from choose the best weights instead; 0 keeps the last one."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Learn from the first so many utterances only, for a trial."""
    report: bool = True
    """After training, measure the kept weights on what was held out: the fold, or the test split."""

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
    """Read a recipe and put `key=value` overrides (dotted keys, YAML values) in place.

    Args:
        path: A YAML file.
        kinds: The union of all kinds, told apart by `kind`.
        overrides: Values that take the place of the file's.

    Raises:
        RecipeError: the file or an override is broken, or values are; all problems at once.
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
    """The first place names the kind, which the reader knows; without any, `kind` itself is wrong."""
    key = ".".join(str(part) for part in location[1:]) or "kind"
    return f"{key}: {message.removeprefix('Value error, ')}"
