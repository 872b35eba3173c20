"""Recipes: every run that trains something is a YAML file that is checked whole before anything is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from enunciate.acoustic.configs import AugmentConfig, EncoderConfig, ScorerConfig
from enunciate.errors import RecipeError

_Share = Annotated[float, Field(ge=0, lt=1)]


class _Recipe(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    corpus: Path
    """Folder of Speechocean762."""
    out: Path
    """Folder that receives weights, log and metrics."""
    seed: int = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"


class RecogniserRecipe(_Recipe):
    """Train the phone recogniser (encoder, its heads and the phone-quality head)."""

    kind: Literal["recogniser"]
    split: Literal["train", "all"] = "train"
    """The speakers to learn from: the train split, or everything that is there."""
    start: Path | None = None
    """Folder of a trained recogniser to go on from. Its quality head stays as it is, so that what the scorer
    reads off it means the same in every model that went on from there."""
    folds: Annotated[int, Field(ge=0)] = 0
    """With folds >= 2, also a model for each fold of the labelled speakers, in `folds/`, that never saw it: a
    scorer that learns from those speakers needs outputs of models that do not know them."""
    synthetic: Path | None = None
    """Folder of synthetic speech (`python -m enunciate.corpus.synthetic`)."""
    synthetic_share: tuple[_Share, _Share] = (0.7, 0.25)
    """Share of synthetic clips in the batches at the beginning and at the end: they teach the phones, and
    then recordings have the last word."""
    steps: Annotated[int, Field(gt=0)] = 6_000
    warmup_steps: Annotated[int, Field(ge=0)] = 400
    batch_frames: Annotated[int, Field(gt=0)] = 48_000
    """Feature frames (10 ms) in a batch, padding included."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.999
    middle_weight: Annotated[float, Field(ge=0)] = 0.3
    frame_weight: Annotated[float, Field(ge=0)] = 0.5
    quality_weight: Annotated[float, Field(ge=0)] = 1.0
    align_at: tuple[_Share, ...] = (0.25, 0.5)
    """Shares of the steps after which recordings are aligned (again) for the frame and quality losses."""
    time_limit_s: Annotated[float, Field(gt=0)] = 520.0
    """Training ends here whatever the step, with the schedule run down to it."""
    workers: Annotated[int, Field(ge=1)] = 8
    encoder: EncoderConfig = EncoderConfig()
    augment: AugmentConfig = AugmentConfig()


class ScorerRecipe(_Recipe):
    """Train the scorer on a recogniser's outputs, with cross-validation over speakers."""

    kind: Literal["scorer"]
    recogniser: Path
    """Folder of a trained recogniser. Where it has `folds/`, they are the folds here, and each utterance is
    heard by the model that left its speaker out."""
    folds: Annotated[int, Field(ge=2)] = 5
    """Outer folds over the labelled speakers, where the recogniser has none."""
    synthetic: Path | None = None
    """Folder of synthetic speech; its mispronounced clips join the training of the phone scores."""
    synthetic_clips: Annotated[int, Field(ge=0)] = 600
    cross_validate: bool = True
    """Measure by cross-validation over speakers before training on all of them."""
    version: str = "dev"
    """What the weights call themselves."""
    workers: Annotated[int, Field(ge=1)] = 2
    scorer: ScorerConfig = ScorerConfig()


Recipe = Annotated[RecogniserRecipe | ScorerRecipe, Field(discriminator="kind")]


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> RecogniserRecipe | ScorerRecipe:
    """Read a recipe and put `key=value` overrides (dotted keys, YAML values) in place.

    Raises:
        RecipeError: the file or an override is broken, or values are; all problems at once.
    """
    try:
        tree: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RecipeError(str(path), [f"cannot be read: {error}"]) from error
    if not isinstance(tree, dict):
        raise RecipeError(str(path), ["is not a YAML mapping of keys to values"])
    values = cast("dict[str, Any]", tree)
    problems = [problem for override in overrides if (problem := _override(values, override))]
    try:
        recipe = TypeAdapter[RecogniserRecipe | ScorerRecipe](Recipe).validate_python(tree)
    except ValidationError as error:
        problems += [f"{_key(entry['loc'])}: {entry['msg']}" for entry in error.errors()]
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
    tree[last] = yaml.safe_load(text)
    return None


def _key(location: tuple[int | str, ...]) -> str:
    parts = [str(part) for part in location if part not in ("recogniser", "scorer") or len(location) == 1]
    return ".".join(parts) or "kind"
