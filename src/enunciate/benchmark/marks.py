"""Marks of stages that are done, and of what they were made from.

A stage counts when its mark does: the mark is written last, and says with which recipe and from which other
stages the weights were made. A stage that is trained again gets a new id, and what was made from the old one,
weights or predictions, no longer counts.
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
"""Values that have no bearing on the weights; the corpus is checked by its ids."""


class Mark(FrozenModel):
    """Beside the folder of a stage."""

    id: str
    recipe: Mapping[str, Any]
    inputs: Mapping[str, str]
    """Ids of the stages that it was made from."""


def mark_of(folder: Path) -> Path:
    """Where the mark of a stage's folder is."""
    return folder.with_name(f"{folder.name}.done.json")


def read_mark(folder: Path) -> Mark | None:
    """The mark of a stage; None where it is not done."""
    try:
        return Mark.model_validate_json(mark_of(folder).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise OutputError(f"{mark_of(folder)} is broken: delete it to train that stage again") from error


def is_done(folder: Path, recipe: Mapping[str, Any], inputs: Mapping[str, str]) -> bool:
    """Whether a stage is done, from these inputs.

    Raises:
        OutputError: it was done by another recipe.
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
            f"{folder} was trained by another recipe ({'; '.join(differing)}): give another --out, or delete "
            f"{mark_of(folder).name} beside it to train it again"
        )
    return mark.inputs == inputs


def set_mark(folder: Path, recipe: Mapping[str, Any], inputs: Mapping[str, str]) -> None:
    """Declare a stage done."""
    mark = Mark(id=secrets.token_hex(8), recipe=recipe, inputs=inputs)
    write_whole(mark_of(folder), mark.model_dump_json(indent=1) + "\n")


def ids_of(folders: Mapping[str, Path], names: Sequence[str]) -> dict[str, str]:
    """The ids of stages that are done, by name."""
    marks = {name: read_mark(folders[name]) for name in names}
    return {name: mark.id for name, mark in marks.items() if mark is not None}
