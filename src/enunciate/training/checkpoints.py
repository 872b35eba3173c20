"""Checkpoints that are complete or ignored, so that a run can be killed at any moment and resumed.

A checkpoint is a folder. Its marker is written last, after everything else is on the disk, and removed first
when the checkpoint is deleted. A checkpoint without a marker is a leftover of a killed run.
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
from enunciate.storage import RECIPE_FILE, write_whole
from enunciate.training.recipe_file import TrainingRecipe
from enunciate.training.run_folder import LOG_FILE

MARKER = "complete.json"
_PREFIX = "checkpoint-"
_MAY_DIFFER = {
    "out", "device", "log_every", "keep_checkpoints", "decode_batch", "report_to", "push_to_hub", "report",
}  # fmt: skip
"""Values that do not affect the weights, and may change when a run is resumed."""


class CompletionMarker(FrozenModel):
    """The contents of the marker of a complete checkpoint."""

    step: int
    processes: int


def mark_complete(checkpoint: Path, marker: CompletionMarker) -> None:
    """Mark a checkpoint as complete; all of its files reach the disk before the marker does."""
    for path in sorted(checkpoint.rglob("*")):
        if path.is_file():
            _sync(path)
    write_whole(checkpoint / MARKER, marker.model_dump_json())
    _sync(checkpoint / MARKER)
    _sync(checkpoint)


def latest_complete(folder: Path) -> Path | None:
    """Return the complete checkpoint with the most steps; None if there is none."""
    return max(_complete(folder), key=step_of, default=None)


def delete_incomplete(folder: Path, after: int) -> None:
    """Delete incomplete checkpoints, and those after a step."""
    for path in folder.glob(f"{_PREFIX}*"):
        if not (path / MARKER).is_file() or step_of(path) > after:
            _delete(path)


def keep_latest(folder: Path, count: int) -> None:
    """Delete all complete checkpoints except the latest `count`."""
    for path in sorted(_complete(folder), key=step_of)[:-count]:
        _delete(path)


def step_of(checkpoint: Path) -> int:
    """Return the number of optimiser steps of a checkpoint, or of anything named `...-STEP`."""
    return int(checkpoint.name.rpartition("-")[2])


def read_marker(checkpoint: Path, processes: int) -> CompletionMarker:
    """Read the marker of a complete checkpoint, and check that the run had as many processes.

    Raises:
        OutputError: The marker is broken, or the run had another number of processes: its batches, which
            are dealt out to the processes, cannot be continued.
    """
    try:
        marker = CompletionMarker.model_validate_json((checkpoint / MARKER).read_bytes())
    except ValidationError as error:
        raise OutputError(
            f"{checkpoint / MARKER} is broken: delete {checkpoint} to resume without it"
        ) from error
    if marker.processes != processes:
        raise OutputError(
            f"{checkpoint} was written by {marker.processes} processes, and this run has {processes}: "
            "resume with as many, or start a new run with another 'out'"
        )
    return marker


def start_run(recipe: TrainingRecipe, resume: bool, writes: bool = True) -> Path | None:
    """Check a recipe's `out` for an earlier run, and write the recipe there.

    Args:
        recipe: The recipe of the run.
        resume: Whether to resume the earlier run.
        writes: Whether this process writes files; of several processes only the first one does.

    Returns:
        The checkpoint to resume from; None for a new run.

    Raises:
        OutputError: There is an earlier run, and it is not to be resumed.
        RecipeError: The earlier run had another recipe; every value that differs is named.
    """
    path, checkpoint = recipe.out / RECIPE_FILE, latest_complete(checkpoints_folder(recipe.out))
    if checkpoint is not None and not resume:
        raise OutputError(
            f"{recipe.out} holds a run that reached step {step_of(checkpoint)}: resume it with --resume, or "
            "give another 'out'"
        )
    if resume and path.is_file():
        _check_same(recipe, path)
    if writes:
        recipe.out.mkdir(parents=True, exist_ok=True)
        delete_incomplete(checkpoints_folder(recipe.out), step_of(checkpoint) if checkpoint else 0)
        truncate_log(recipe.out / LOG_FILE, step_of(checkpoint) if checkpoint else -1)
        write_whole(path, recipe.model_dump_json(indent=1) + "\n")
    return checkpoint


def checkpoints_folder(out: Path) -> Path:
    """Return the folder in which a run keeps its checkpoints."""
    return out / "checkpoints"


def truncate_log(path: Path, step: int) -> None:
    """Remove the lines of steps that will be repeated, and an unfinished last line."""
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
        f"{key}: is {now.get(key)!r}, and was {before.get(key)!r} when the run started"
        for key in sorted(now.keys() | before.keys())
        if key not in _MAY_DIFFER and now.get(key) != before.get(key)
    ]
    if changed:
        raise RecipeError(str(path), changed)


def _complete(folder: Path) -> list[Path]:
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
