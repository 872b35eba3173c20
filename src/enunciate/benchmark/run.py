"""The rows one after the other: all that this machine can run, where one that fails stops no other."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from enunciate.benchmark.plan import Plan, Protocol, Row, choose_rows
from enunciate.benchmark.protocol_data import ProtocolData, load_protocol_data
from enunciate.benchmark.requirements import missing_requirements
from enunciate.benchmark.row import ERROR, Announce, RowJob, Workspace, run_row, stage_recipe
from enunciate.benchmark.stages import Override, stage_runs, unused_overrides, weights_of
from enunciate.errors import EnunciateError, OutputError, RecipeError
from enunciate.evaluation.outside.program import PROGRAM, ProgramRun
from enunciate.storage import write_whole, writing_to
from enunciate.trainers import Recipe

MATERIAL = "material.json"
Status = Literal["done", "failed", "unavailable"]


@dataclass(frozen=True)
class PlannedRow:
    """A row before it runs, with what this machine lacks for it."""

    row: Row
    job: RowJob
    recipes: Sequence[Recipe]
    missing: Sequence[str]


class Outcome(BaseModel):
    """How a row ended."""

    model_config = ConfigDict(frozen=True)

    name: str
    about: str
    status: Status
    reason: str | None = None
    """Why it was not run, or the error that stopped it."""
    weights: str | None = None
    """The weights that were given; None where the row was trained here."""
    seeds: tuple[int, ...] = ()
    """Seeds of the stages that were trained."""
    recipes: tuple[str, ...] = ()
    program: ProgramRun | None = None
    """How the program of another system ran."""
    answers: str | None = None
    """The file of the answers of another system."""


def plan_rows(
    plan: Plan, workspace: Workspace, names: Sequence[str] = (), overrides: Sequence[str] = ()
) -> list[PlannedRow]:
    """Return each chosen row with what this machine lacks for it.

    Args:
        plan: All rows.
        workspace: Where they will run.
        names: The rows to run; all of them without names.
        overrides: Overrides in the form of the command line (see `stages.Override`).

    Raises:
        RecipeError: There is no such row, or an override is malformed or applies to no stage.
    """
    rows = choose_rows(plan, names)
    parsed = [Override.parse(text) for text in overrides]
    planned = [_plan_row(row, plan, workspace, parsed) for row in rows]
    problems = unused_overrides(parsed, [run for one in planned for run in one.job.runs], rows)
    if problems:
        raise RecipeError("--override", problems)
    return planned


def _plan_row(row: Row, plan: Plan, workspace: Workspace, overrides: Sequence[Override]) -> PlannedRow:
    weights = weights_of(row, overrides)
    protocol = workspace.protocol
    runs = [] if weights or protocol == "untrained" else stage_runs(row, plan, protocol, overrides)
    recipes = [stage_recipe(run, runs, workspace) for run in runs]
    job = RowJob(row.name, runs, weights, row.zero_shot, row.system, row.answers)
    missing = missing_requirements(row, recipes, weights, [workspace.stage(run.key) for run in runs])
    if not runs and not weights and not job.is_outside:
        missing = [f"the plan has no stages for it in the {protocol} protocol"]
    if protocol == "untrained" and not weights and not job.is_outside:
        missing = [f"weights, which nothing trains here: --override {row.name}:weights=FOLDER"]
    return PlannedRow(row, job, recipes, missing)


def prepare(corpus: Path, out: Path, protocol: Protocol) -> tuple[Workspace, ProtocolData]:
    """Check the corpus, and that a folder belongs to no other benchmark.

    Raises:
        CorpusError: The corpus lacks the labels that the protocol needs.
        OutputError: The folder belongs to another protocol or another corpus.
    """
    data, test = load_protocol_data(corpus, protocol)
    path = out / MATERIAL
    if path.is_file():
        try:
            before = ProtocolData.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise OutputError(f"{path} is broken: give another --out") from error
        if before != data:
            what = "protocol" if before.protocol != protocol else "corpus"
            raise OutputError(f"{out} belongs to another {what} ({before.protocol}): give another --out")
    return Workspace(out, corpus.resolve(), protocol, test), data


def run_rows(
    planned_rows: Sequence[PlannedRow], workspace: Workspace, data: ProtocolData, announce: Announce
) -> list[Outcome]:
    """Run the rows that lack nothing.

    Raises:
        OutputError: The folder cannot be written.
    """
    with writing_to(workspace.out):
        workspace.out.mkdir(parents=True, exist_ok=True)
        write_whole(workspace.out / MATERIAL, data.model_dump_json(indent=1) + "\n")
    return [_run(planned, workspace, announce) for planned in planned_rows]


def _run(planned: PlannedRow, workspace: Workspace, announce: Announce) -> Outcome:
    name = planned.row.name
    if planned.missing:
        announce(f"{name}: not run ({'; '.join(planned.missing)})")
        return _outcome(planned, "unavailable", "; ".join(planned.missing))
    try:
        run_row(planned.job, workspace, announce)
    except EnunciateError as error:
        reason = f"{error.code}: {error}"
        details = {"error": reason}
    except Exception as error:  # a bug, of ours or of a library: the other rows can be run all the same
        reason = f"{type(error).__name__}: {error}"
        details = {"error": reason, "traceback": traceback.format_exc()}
    else:
        ran = workspace.row(name) / PROGRAM
        program = ProgramRun.model_validate_json(ran.read_bytes()) if ran.is_file() else None
        return _outcome(planned, "done").model_copy(update={"program": program})
    write_whole(workspace.row(name) / ERROR, json.dumps(details, indent=1) + "\n")
    announce(f"{name}: failed ({reason})")
    return _outcome(planned, "failed", reason)


def _outcome(planned: PlannedRow, status: Status, reason: str | None = None) -> Outcome:
    return Outcome(
        name=planned.row.name,
        about=planned.row.about,
        status=status,
        reason=reason,
        weights=planned.job.weights,
        answers=None if planned.job.answers is None else str(planned.job.answers),
        seeds=tuple(dict.fromkeys(recipe.seed for recipe in planned.recipes)),
        recipes=tuple(dict.fromkeys(run.recipe.name for run in planned.job.runs)),
    )
