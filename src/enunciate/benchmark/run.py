"""All rows, one after the other: those that can be run are, and one that fails does not cost the others."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from enunciate.benchmark.material import Material, load_material
from enunciate.benchmark.needs import missing_for
from enunciate.benchmark.plan import (
    Override,
    Plan,
    Protocol,
    Row,
    choose_rows,
    runs_of,
    unused,
    weights_of,
)
from enunciate.benchmark.row import ERROR, Job, Place, Say, resolved, run_row
from enunciate.errors import EnunciateError, OutputError, RecipeError
from enunciate.storage import write_whole, writing_to
from enunciate.trainers import Recipe

MATERIAL = "material.json"
Status = Literal["done", "failed", "unavailable"]


@dataclass(frozen=True)
class Planned:
    """A row before it is run."""

    row: Row
    job: Job
    recipes: Sequence[Recipe]
    missing: Sequence[str]


class Outcome(BaseModel):
    """How a row ended."""

    model_config = ConfigDict(frozen=True)

    name: str
    about: str
    status: Status
    reason: str | None = None
    """Why it was not run, or what stopped it."""
    weights: str | None = None
    """What was tested as it was given; None where it was trained here."""
    seeds: tuple[int, ...] = ()
    """Of the stages that were trained."""
    recipes: tuple[str, ...] = ()


def plan_rows(
    plan: Plan,
    folder: Path,
    place: Place,
    names: Sequence[str] = (),
    overrides: Sequence[str] = (),
) -> list[Planned]:
    """Each chosen row with what it lacks.

    Args:
        plan: The rows.
        folder: Of their recipes.
        place: Where they are to run.
        names: The rows to run; all without any.
        overrides: As on the command line (see `plan.Override`).

    Raises:
        RecipeError: there is no such row, or an override is broken or of no use.
    """
    rows = choose_rows(plan, names)
    given = [Override.parse(text) for text in overrides]
    planned: list[Planned] = []
    for row in rows:
        weights = weights_of(row, given)
        runs = [] if weights else runs_of(row, plan, place.protocol, folder, given)
        job = Job(row.name, runs, weights, row.zero_shot)
        recipes = [resolved(one, runs, place) for one in runs]
        made = [place.stage(one.key) for one in runs]
        missing = missing_for(row, recipes, weights, made)
        if not runs and not weights:
            missing = [f"it has no form of the {place.protocol} protocol"]
        planned.append(Planned(row, job, recipes, missing))
    problems = unused(given, [one for p in planned for one in p.job.runs], rows)
    if problems:
        raise RecipeError("--override", problems)
    return planned


def prepare(corpus: Path, out: Path, protocol: Protocol) -> tuple[Place, Material]:
    """Check the corpus, and that a folder is of no other benchmark; both protocols never share one.

    Raises:
        CorpusError: the corpus has not the labels that the protocol takes.
        OutputError: the folder is of another protocol or another corpus.
    """
    material, test = load_material(corpus, protocol)
    path = out / MATERIAL
    if path.is_file():
        try:
            before = Material.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise OutputError(f"{path} is broken: give another --out") from error
        if before != material:
            what = "protocol" if before.protocol != protocol else "corpus"
            raise OutputError(f"{out} is of another {what} ({before.protocol}): give another --out")
    return Place(out, corpus.resolve(), protocol, test), material


def run_rows(planned: Sequence[Planned], place: Place, material: Material, say: Say) -> list[Outcome]:
    """Run what can be run.

    Raises:
        OutputError: the folder cannot be written.
    """
    with writing_to(place.out):
        place.out.mkdir(parents=True, exist_ok=True)
        write_whole(place.out / MATERIAL, material.model_dump_json(indent=1) + "\n")
    return [_run(one, place, say) for one in planned]


def _run(one: Planned, place: Place, say: Say) -> Outcome:
    if one.missing:
        say(f"{one.row.name}: not run ({'; '.join(one.missing)})")
        return outcome(one, "unavailable", "; ".join(one.missing))
    try:
        run_row(one.job, place, say)
    except EnunciateError as error:
        reason = f"{error.code}: {error}"
    except Exception as error:  # a bug, or a library's: the other rows can be run all the same
        reason = f"{type(error).__name__}: {error}"
        details = {"error": reason, "traceback": traceback.format_exc()}
        write_whole(place.row(one.row.name) / ERROR, json.dumps(details, indent=1) + "\n")
    else:
        return outcome(one, "done")
    if not (place.row(one.row.name) / ERROR).is_file():
        write_whole(place.row(one.row.name) / ERROR, json.dumps({"error": reason}, indent=1) + "\n")
    say(f"{one.row.name}: failed ({reason})")
    return outcome(one, "failed", reason)


def outcome(one: Planned, status: Status, reason: str | None = None) -> Outcome:
    """What is said of a row in the tables."""
    return Outcome(
        name=one.row.name,
        about=one.row.about,
        status=status,
        reason=reason,
        weights=one.job.weights,
        seeds=tuple(dict.fromkeys(recipe.seed for recipe in one.recipes)),
        recipes=tuple(dict.fromkeys(run.recipe.name for run in one.job.runs)),
    )
