"""Checkpoints that are whole or do not count, so that a run can be killed at any moment and go on.

A checkpoint is a folder; its marker is written last, after everything else is on the disk, and taken away
first when it is deleted. What has no marker is rubbish of a killed run.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from enunciate.errors import OutputError, RecipeError
from enunciate.schema import FrozenModel
from enunciate.storage import write_whole
from enunciate.training.recipe_file import TrainingRecipe

MARKER = "complete.json"
RECIPE = "recipe.json"
_PREFIX = "checkpoint-"
_MAY_DIFFER = {
    "out", "device", "log_every", "keep_checkpoints", "decode_batch", "report_to", "push_to_hub", "report",
}  # fmt: skip
"""Values that have no bearing on the weights."""


class Marker(FrozenModel):
    """What a whole checkpoint says of itself."""

    step: int
    processes: int


def seal(checkpoint: Path, marker: Marker) -> None:
    """Declare a checkpoint whole: all of its files reach the disk before the marker does."""
    for path in sorted(checkpoint.rglob("*")):
        if path.is_file():
            _sync(path)
    write_whole(checkpoint / MARKER, marker.model_dump_json())
    _sync(checkpoint / MARKER)
    _sync(checkpoint)


def last_whole(folder: Path) -> Path | None:
    """The checkpoint that went farthest; None where there is no whole one."""
    return max(_whole(folder), key=step_of, default=None)


def clear_rubbish(folder: Path, after: int) -> None:
    """Delete unfinished checkpoints, and any after a step."""
    for path in folder.glob(f"{_PREFIX}*"):
        if not (path / MARKER).is_file() or step_of(path) > after:
            _delete(path)


def keep_last(folder: Path, count: int) -> None:
    """Delete all whole checkpoints but the last so many."""
    for path in sorted(_whole(folder), key=step_of)[:-count]:
        _delete(path)


def step_of(checkpoint: Path) -> int:
    """The optimiser steps that a checkpoint, or anything named `...-STEP`, has behind it."""
    return int(checkpoint.name.rpartition("-")[2])


def read_marker(checkpoint: Path, processes: int) -> Marker:
    """The marker of a whole checkpoint, which must be of a run with as many processes.

    Raises:
        OutputError: it was made by another number of processes, and its batches cannot be gone on with.
    """
    try:
        marker = Marker.model_validate_json((checkpoint / MARKER).read_bytes())
    except ValidationError as error:
        raise OutputError(
            f"{checkpoint / MARKER} is broken: delete {checkpoint} to go on without it"
        ) from error
    if marker.processes != processes:
        raise OutputError(
            f"{checkpoint} was written by {marker.processes} processes, and this run has {processes}: go on "
            "with as many, or start afresh with another 'out'"
        )
    return marker


def begin(recipe: TrainingRecipe, resume: bool, writes: bool = True) -> Path | None:
    """Look into a recipe's `out` before a run, and write the recipe there.

    Args:
        recipe: Of the run.
        resume: Whether to go on with what is there.
        writes: Of several processes, the first one does.

    Returns:
        The checkpoint to go on from; None at the beginning.

    Raises:
        OutputError: there is a run already, and it is not to be gone on with.
        RecipeError: the run there was another recipe's; every value that differs is named.
    """
    path, checkpoint = recipe.out / RECIPE, last_whole(checkpoints(recipe.out))
    if checkpoint is not None and not resume:
        raise OutputError(
            f"{recipe.out} holds a run that went to step {step_of(checkpoint)}: go on with --resume, or give "
            "another 'out'"
        )
    if resume and path.is_file():
        _check_same(recipe, path)
    if writes:
        recipe.out.mkdir(parents=True, exist_ok=True)
        clear_rubbish(checkpoints(recipe.out), step_of(checkpoint) if checkpoint else 0)
        cut_log(recipe.out / "log.jsonl", step_of(checkpoint) if checkpoint else -1)
        write_whole(path, recipe.model_dump_json(indent=1) + "\n")
    return checkpoint


def checkpoints(out: Path) -> Path:
    """Where a run keeps them."""
    return out / "checkpoints"


def cut_log(path: Path, step: int) -> None:
    """Drop the lines of steps that will be done again, and a line that was not finished."""
    if not path.is_file():
        return
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if _is_up_to(line, step)]
    write_whole(path, "".join(f"{line}\n" for line in kept))


def _is_up_to(line: str, step: int) -> bool:
    try:
        return int(json.loads(line)["step"]) <= step
    except (ValueError, KeyError, TypeError):
        return False


def _check_same(recipe: TrainingRecipe, path: Path) -> None:
    try:
        before: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise OutputError(f"{path} is not JSON ({error}): give another 'out'") from error
    now: dict[str, Any] = json.loads(recipe.model_dump_json())
    changed = [
        f"{key}: is {now.get(key)!r}, and was {before.get(key)!r} when the run began"
        for key in sorted(now.keys() | before.keys())
        if key not in _MAY_DIFFER and now.get(key) != before.get(key)
    ]
    if changed:
        raise RecipeError(str(path), changed)


def _whole(folder: Path) -> list[Path]:
    return [path.parent for path in folder.glob(f"{_PREFIX}*/{MARKER}")]


def _delete(checkpoint: Path) -> None:
    (checkpoint / MARKER).unlink(missing_ok=True)
    shutil.rmtree(checkpoint, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
