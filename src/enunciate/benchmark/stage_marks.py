"""Completion marks of stages, with what each was made from.

A stage counts as done once its mark exists: the mark is written last, and records the recipe and the earlier
stages that its weights came from. A stage that is trained again gets a new id, and whatever was made from the
old one, weights or predictions, no longer counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from enunciate.errors import OutputError
from enunciate.schema import FrozenModel
from enunciate.storage import write_whole

MAY_DIFFER = {"workers", "device", "out", "corpus"}
"""Recipe values that do not affect the weights; the corpus is checked by its ids."""


class StageMark(FrozenModel):
    """The file beside the folder of a stage that is done."""

    id: str
    recipe: Mapping[str, Any]
    inputs: Mapping[str, str]
    """Ids of the stages that it was made from, by name."""


def mark_path(folder: Path) -> Path:
    """Return the path of the mark of a stage's folder."""
    return folder.with_name(f"{folder.name}.done.json")


def read_mark(folder: Path) -> StageMark | None:
    """Return the mark of a stage; None where the stage is not done.

    Raises:
        OutputError: The mark is broken.
    """
    try:
        return StageMark.model_validate_json(mark_path(folder).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise OutputError(f"{mark_path(folder)} is broken: delete it to train that stage again") from error


def is_done(folder: Path, recipe: Mapping[str, Any], inputs: Mapping[str, str]) -> bool:
    """Whether a stage is done, from these inputs.

    Raises:
        OutputError: It was done with a different recipe.
    """
    mark = read_mark(folder)
    if mark is None:
        return False
    names = sorted((mark.recipe.keys() | recipe.keys()) - MAY_DIFFER)
    differing = [
        f"{name}: {mark.recipe.get(name)} then, {recipe.get(name)} now"
        for name in names
        if mark.recipe.get(name) != recipe.get(name)
    ]
    if differing:
        raise OutputError(
            f"{folder} was trained with a different recipe ({'; '.join(differing)}): give another --out, or "
            f"delete {mark_path(folder).name} beside it to train it again"
        )
    return mark.inputs == inputs


def write_mark(folder: Path, recipe: Mapping[str, Any], inputs: Mapping[str, str]) -> None:
    """Record that a stage is done."""
    mark = StageMark(id=secrets.token_hex(8), recipe=recipe, inputs=inputs)
    write_whole(mark_path(folder), mark.model_dump_json(indent=1) + "\n")


def stage_ids(folders: Mapping[str, Path], names: Sequence[str]) -> dict[str, str]:
    """Return the ids of those of these stages that are done, by name."""
    marks = {name: read_mark(folders[name]) for name in names}
    return {name: mark.id for name, mark in marks.items() if mark is not None}
