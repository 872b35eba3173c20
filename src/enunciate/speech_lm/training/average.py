"""Average finished adapters that began with the same weights.

    python -m enunciate.speech_lm.training.average ADAPTER ADAPTER ... --out FOLDER

The adapters come from runs of one recipe with the same `start_seed` and other seeds. Their mean writes down
phones better than any of them, at the cost of one (`docs/experiments.md`).
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors.torch import (
    load_file,  # pyright: ignore[reportUnknownVariableType]
    save_file,  # pyright: ignore[reportUnknownVariableType]
)
from torch import Tensor

from enunciate.errors import EnunciateError, ModelNotFoundError
from enunciate.speech_lm.adapter import WEIGHTS_FILE
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.model_card import CARD
from enunciate.storage import RECIPE_FILE, write_whole, writing_to
from enunciate.training.run_folder import LOG_FILE, METRICS_FILE

_MAY_DIFFER = {"out": None, "seed": 0}
_OF_ONE_RUN = (CARD, LOG_FILE, METRICS_FILE, WEIGHTS_FILE)
_ANSWERS = "*answers*.jsonl"


def average(adapters: Sequence[Path], out: Path) -> None:
    """Write the mean of adapters as an adapter, which is otherwise the first one without its metrics.

    Args:
        adapters: Folders that `enunciate train` wrote.
        out: The folder to write.

    Raises:
        EnunciateError: The adapters come from different recipes, or did not begin with the same weights.
        ModelNotFoundError: A folder has no adapter.
        OutputError: A file cannot be written.
    """
    recipes = [_recipe(folder) for folder in adapters]
    for folder, recipe in zip(adapters[1:], recipes[1:], strict=True):
        if recipe.model_copy(update=_MAY_DIFFER) != recipes[0].model_copy(update=_MAY_DIFFER):
            raise EnunciateError(f"{folder} comes from another recipe than {adapters[0]}: average one recipe")
    if recipes[0].start_seed is None and recipes[0].adapter.start == "fresh":
        raise EnunciateError(
            f"{adapters[0]} and the others began with random weights of their own: train with one start_seed"
        )
    weights = [_weights(folder) for folder in adapters]
    mean = {name: _mean([one[name] for one in weights]) for name in weights[0]}
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
        for file in adapters[0].iterdir():
            if file.is_file() and file.name not in _OF_ONE_RUN and not file.match(_ANSWERS):
                shutil.copy(file, out / file.name)
        save_file(mean, out / WEIGHTS_FILE, metadata={"format": "pt"})
        names = "".join(f"- seed {recipe.seed}\n" for recipe in recipes)
        write_whole(
            out / CARD, f"# Mean of {len(adapters)} adapters\n\nOf the recipe in {RECIPE_FILE}:\n\n{names}"
        )


def _recipe(folder: Path) -> AdapterRecipe:
    try:
        return AdapterRecipe.model_validate_json((folder / RECIPE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise ModelNotFoundError(f"{folder} has no adapter that `enunciate train` wrote: {error}") from error


def _weights(folder: Path) -> dict[str, Tensor]:
    try:
        return load_file(folder / WEIGHTS_FILE)
    except OSError as error:
        raise ModelNotFoundError(f"{folder} has no {WEIGHTS_FILE}: {error}") from error


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    return torch.stack([one.float() for one in tensors]).mean(dim=0).to(tensors[0].dtype)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("adapters", type=Path, nargs="+", metavar="ADAPTER")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the mean")
    arguments = parser.parse_args()
    average(arguments.adapters, arguments.out)


if __name__ == "__main__":
    main()
