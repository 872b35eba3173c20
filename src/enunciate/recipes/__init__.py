"""The recipes that ship with the package, found by name.

A name is the path below this folder without its suffix: `gop` is `gop.yaml`, `accelerate/fsdp` is
`accelerate/fsdp.yaml`. What trains a recipe is decided by its `kind`, in `enunciate.trainers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from enunciate.errors import RecipeError

FOLDER = Path(str(files(__name__)))
SUFFIX = ".yaml"


@dataclass(frozen=True)
class ShippedRecipe:
    """One recipe of the package, as `enunciate recipes` lists it."""

    name: str
    kind: str | None
    """None for a file that is not trained: the plan of the benchmark, a configuration of accelerate."""
    summary: str
    """The first line of the file's comment."""


def recipe_names() -> list[str]:
    """Return the names of all recipes that ship with the package, sorted."""
    return sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob(f"*{SUFFIX}"))


def recipe_path(name_or_path: str | Path) -> Path:
    """Return the file of a recipe.

    Args:
        name_or_path: The name of a recipe of the package, or the path of a YAML file.

    Raises:
        RecipeError: There is no such file and no recipe of this name.
    """
    name = Path(name_or_path).as_posix()
    if name in recipe_names():
        return FOLDER / (name + SUFFIX)
    path = Path(name_or_path)
    if path.is_file():
        return path
    raise RecipeError(
        str(name_or_path),
        ["there is no such file, and no recipe of this name: `enunciate recipes` lists the names"],
    )


def shipped_recipes() -> Iterator[ShippedRecipe]:
    """Yield the recipes of the package in the order of their names."""
    import yaml  # here, so that the command line starts without it

    for name in recipe_names():
        text = recipe_path(name).read_text(encoding="utf-8")
        tree: dict[str, Any] = yaml.safe_load(text)
        yield ShippedRecipe(name, tree.get("kind"), text.partition("\n")[0].lstrip("# "))
