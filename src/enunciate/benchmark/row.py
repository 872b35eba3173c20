"""One row from recipes to predictions, stage by stage, each marked when it is done.

OUT/stages/STAGE/          the weights of a stage; STAGE is a shared stage, or ROW/STAGE
OUT/stages/STAGE.done.json its mark (see `stage_marks`)
OUT/rows/ROW/              predictions.jsonl and results.json, as `enunciate evaluate` writes them
OUT/rows/ROW/folds/K/      the same for each fold, where there are folds
OUT/rows/ROW/made_by.json  the weights that made the predictions
OUT/rows/ROW/error.json    the error that stopped the row in the last run
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from enunciate.baselines.ssl.ssl_recipe import SslJointRecipe
from enunciate.benchmark.plan import Protocol
from enunciate.benchmark.stage_marks import is_done, mark_path, read_mark, stage_ids, write_mark
from enunciate.benchmark.stages import StageRun, resolve_recipe
from enunciate.engines import load_assessor
from enunciate.errors import CorpusError, OutputError, needing
from enunciate.evaluation.outside.evaluate import evaluate_outside
from enunciate.evaluation.run import PREDICTIONS, RESULTS, Prediction, evaluate, read_predictions
from enunciate.evaluation.subset import select_utterances
from enunciate.metrics.results import summarise
from enunciate.metrics.stopwatch import utterance_predictors
from enunciate.schema import Utterance
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.storage import append_rows, resume_rows, write_whole
from enunciate.trainers import Recipe, extra_of, run
from enunciate.training.speaker_split import HELD_OUT

ERROR = "error.json"
FOLDS = "folds"
MADE_BY = "made_by.json"
RESUMABLE = (AdapterRecipe, SslJointRecipe)
"""Recipes whose trainers resume from their own checkpoints; any other stage starts again."""
Announce = Callable[[str], None]
"""Called with a line of text as each step begins."""


@dataclass(frozen=True)
class RowJob:
    """A row that is ready to run."""

    name: str
    runs: Sequence[StageRun]
    weights: str | None
    zero_shot: bool
    system: str | None = None
    answers: Path | None = None

    @property
    def is_outside(self) -> bool:
        """Whether it is a system that is not part of this package, which nothing here trains."""
        return self.system is not None or self.answers is not None


@dataclass(frozen=True)
class Workspace:
    """The folder that a benchmark writes, and the data that it runs on."""

    out: Path
    corpus: Path
    protocol: Protocol
    test: Sequence[Utterance]

    def stage(self, key: str) -> Path:
        """The folder of a stage."""
        return self.out / "stages" / key

    def row(self, name: str) -> Path:
        """The folder of a row's predictions."""
        return self.out / "rows" / name


def run_row(job: RowJob, workspace: Workspace, announce: Announce) -> None:
    """Train the stages that are not done, and assess the clips that are not assessed.

    Raises:
        EnunciateError: A recipe, the corpus or a model is at fault, or the folder holds another run.
    """
    folder = workspace.row(job.name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ERROR).unlink(missing_ok=True)
    if job.is_outside:
        announce(f"{job.name}: {job.system or job.answers}")
        evaluate_outside(job.system, job.answers, workspace.test, folder)
        return
    for stage in job.runs:
        train_stage(stage, job.runs, workspace, announce)
    _clear_stale_predictions(job, workspace)
    if (folder / RESULTS).is_file():
        return
    models = _models_to_test(job, workspace)
    if len(models) == 1 and models[0][1] is None:
        announce(f"{job.name}: assessing {len(workspace.test):,} clips")
        evaluate(load_assessor(models[0][0]), workspace.test, folder)
        return
    for number, (model, held_out) in enumerate(models):
        assert held_out is not None, "each of several models has its own speakers"
        announce(f"{job.name}: assessing fold {number + 1} of {len(models)}, {len(held_out):,} clips")
        evaluate(load_assessor(model), held_out, folder / FOLDS / str(number))
    _pool_folds(folder, len(models), workspace.test)


def stage_recipe(stage: StageRun, runs: Sequence[StageRun], workspace: Workspace) -> Recipe:
    """Return the recipe of a stage, with the folders of the earlier stages in place of placeholders."""
    folders = stage_folders(runs, workspace)
    return resolve_recipe(stage, workspace.corpus, workspace.stage(stage.key), folders)


def stage_folders(runs: Sequence[StageRun], workspace: Workspace) -> Mapping[str, Path]:
    """Return the folder of each stage, by the name that placeholders use."""
    return {one.key.rpartition("/")[2]: workspace.stage(one.key) for one in runs}


# ---------------------------------------------------------------------------------------------- training


def train_stage(stage: StageRun, runs: Sequence[StageRun], workspace: Workspace, announce: Announce) -> None:
    """Train a stage unless it is done, resuming an interrupted run where its trainer can.

    Raises:
        OutputError: It was done with a different recipe.
    """
    recipe, folder = stage_recipe(stage, runs, workspace), workspace.stage(stage.key)
    values = recipe.model_dump(mode="json")
    inputs = stage_ids(stage_folders(runs, workspace), stage.inputs)
    if is_done(folder, values, inputs):
        return
    announce(f"{stage.key}: training")
    resumable = isinstance(recipe, RESUMABLE)
    # A stage that has a mark is outdated, not interrupted: its inputs have been trained again since.
    interrupted = resumable and not mark_path(folder).is_file()
    mark_path(folder).unlink(missing_ok=True)
    if not interrupted and folder.is_dir():
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with needing(extra_of(recipe)):
        run(recipe, resume=resumable)
    write_mark(folder, values, inputs)


def _clear_stale_predictions(job: RowJob, workspace: Workspace) -> None:
    """Delete predictions of other weights than the present ones."""
    folder = workspace.row(job.name)
    marks = [read_mark(workspace.stage(key)) for key in _tested_stages(job)]
    weights = json.dumps([job.weights, *(mark.id for mark in marks if mark is not None)]) + "\n"
    made_by = folder / MADE_BY
    if not made_by.is_file() or made_by.read_text(encoding="utf-8") != weights:
        shutil.rmtree(folder)
        folder.mkdir()
        write_whole(made_by, weights)


def _tested_stages(job: RowJob) -> list[str]:
    """The keys of the stages whose weights are tested: the last one, or one per fold."""
    folds = [stage.key for stage in job.runs if stage.fold is not None]
    return folds or [stage.key for stage in job.runs[-1:]]


# ----------------------------------------------------------------------------------------------- testing


def model_of(job: RowJob, workspace: Workspace) -> Path | str | None:
    """Return the one model that a row tests; None for another system, and for a model per fold."""
    if job.is_outside:
        return None
    models = _models_to_test(job, workspace)
    return models[0][0] if len(models) == 1 and models[0][1] is None else None


def _models_to_test(job: RowJob, workspace: Workspace) -> list[tuple[Path | str, list[Utterance] | None]]:
    """Each model with the utterances that it is tested on; None stands for all."""
    if job.weights is not None and (job.zero_shot or workspace.protocol != "folds"):
        return [(job.weights, None)]
    stages = [workspace.stage(key) for key in _tested_stages(job)]
    if job.weights is None and workspace.protocol == "official":
        return [(stages[-1], None)]
    if job.weights is not None or job.runs[-1].fold is None:
        raise OutputError(
            f"{job.name}: a model that may have learnt from all labelled speakers cannot be tested on them "
            "by folds: train it with each_fold, or use --protocol official"
        )
    held_out = [select_utterances(workspace.test, path / HELD_OUT) for path in stages]
    _check_folds_cover(job.name, held_out, workspace.test)
    return list(zip(stages, held_out, strict=True))


def _check_folds_cover(name: str, held_out: Sequence[Sequence[Utterance]], test: Sequence[Utterance]) -> None:
    ids = [utterance.id for fold in held_out for utterance in fold]
    if sorted(ids) != sorted(utterance.id for utterance in test):
        raise CorpusError(
            f"{name}: its folds hold out {len(set(ids))} utterances, {len(ids)} times in all, but "
            f"{len(test)} are labelled: each must be held out exactly once. Train it on this corpus"
        )


def _pool_folds(folder: Path, n_folds: int, test: Sequence[Utterance]) -> None:
    """Write the predictions of all folds as one run, in the order of the corpus."""
    rows: dict[str, Prediction] = {}
    for number in range(n_folds):
        path = folder / FOLDS / str(number) / PREDICTIONS
        rows |= {row.id: row for row in resume_rows(path, Prediction.model_validate_json, "a prediction")}
    partial = folder / f"{PREDICTIONS}.partial"
    with partial.open("w", encoding="utf-8") as lines:
        append_rows(lines, [rows[utterance.id] for utterance in test])
    partial.replace(folder / PREDICTIONS)
    results = summarise(read_predictions(folder, test), utterance_predictors(test))
    write_whole(folder / RESULTS, results.model_dump_json(indent=2) + "\n")
