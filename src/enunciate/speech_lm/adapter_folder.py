"""What an adapter's folder says about it, read without torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from enunciate.errors import ModelNotFoundError, RecipeError
from enunciate.speech_lm.families.detection import family_of_folder
from enunciate.speech_lm.options import AdapterDescription
from enunciate.storage import RECIPE_FILE


def read_description(folder: Path) -> AdapterDescription:
    """Read what running needs from the recipe that is saved with an adapter.

    Raises:
        ModelNotFoundError: There is no recipe.
        RecipeError: It is broken; all problems are named at once.
    """
    path = folder / RECIPE_FILE
    try:
        return AdapterDescription.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelNotFoundError(
            f"{folder} has an adapter but no {RECIPE_FILE} that could be read ({error}), and without it the "
            "base model and the prompt are unknown: take the whole folder that `enunciate train` wrote"
        ) from error
    except (ValidationError, UnicodeDecodeError) as error:
        problems = (
            [f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in error.errors()]
            if isinstance(error, ValidationError)
            else [str(error)]
        )
        raise RecipeError(str(path), problems) from error


def is_merged(folder: Path) -> bool:
    """Whether a folder has a whole model into which an adapter was merged: a checkpoint with its recipe."""
    family = family_of_folder(folder)
    try:
        recipe: Any = json.loads((folder / RECIPE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return family is not None and isinstance(recipe, dict) and cast("Any", recipe).get("kind") == family


def weights_digest(*paths: Path) -> str:
    """Return eight hex digits that distinguish the weights of different trainings."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.read_bytes())
    return whole.hexdigest()[:8]
