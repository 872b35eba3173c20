"""One row from recipes to predictions, stage by stage, each marked when it is done.

OUT/stages/STAGE/          what a stage trained; a shared stage, or ROW/STAGE of a row
OUT/stages/STAGE.done.json its mark (see `marks`)
OUT/rows/ROW/              predictions.jsonl and results.json, as `enunciate evaluate` writes them
OUT/rows/ROW/folds/K/      the same of each fold, where there are folds
OUT/rows/ROW/made_by.json  the weights that made them
OUT/rows/ROW/error.json    what stopped the row in the last run
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from enunciate.baselines.ssl.ssl_recipe import SslJointRecipe
from enunciate.benchmark.marks import ids_of, is_done, mark_of, read_mark, set_mark
from enunciate.benchmark.plan import Protocol, Run, recipe_of
from enunciate.engines import load_assessor
from enunciate.errors import CorpusError, OutputError, needing
from enunciate.evaluation.run import PREDICTIONS, RESULTS, Prediction, evaluate
from enunciate.evaluation.run import read_predictions as read_evaluated
from enunciate.evaluation.subset import only
from enunciate.metrics.results import summarise
from enunciate.pocket.weights_folder import FOLDS, HELD_OUT
from enunciate.schema import Utterance
from enunciate.speech_lm.training.adapter_recipe import Phi4Recipe
from enunciate.storage import append_rows, resume_rows, write_whole
from enunciate.trainers import Recipe, extra_of, run

ERROR = "error.json"
MADE_BY = "made_by.json"
Say = Callable[[str], None]
"""Told what begins."""


@dataclass(frozen=True)
class Job:
    """A row, ready to go."""

    name: str
    runs: Sequence[Run]
    weights: str | None
    zero_shot: bool


@dataclass(frozen=True)
class Place:
    """Where a benchmark works, and on what."""

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


def run_row(job: Job, place: Place, say: Say) -> None:
    """Train what is not trained, and assess what is not assessed.

    Raises:
        EnunciateError: a recipe, the corpus or a model is at fault, or the folder holds another run.
    """
    folder = place.row(job.name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ERROR).unlink(missing_ok=True)
    for one in job.runs:
        train_stage(one, job.runs, place, say)
    _clear_stale(job, place)
    if (folder / RESULTS).is_file():
        return
    models = _models(job, place)
    if len(models) == 1 and models[0][1] is None:
        say(f"{job.name}: assessing {len(place.test):,} clips")
        evaluate(load_assessor(models[0][0]), place.test, folder)
        return
    for number, (model, held) in enumerate(models):
        assert held is not None, "of several models each has its own speakers"
        say(f"{job.name}: assessing fold {number + 1} of {len(models)}, {len(held):,} clips")
        evaluate(load_assessor(model), held, folder / FOLDS / str(number))
    _pool(folder, [held or [] for _, held in models], place.test)


def resolved(one: Run, runs: Sequence[Run], place: Place) -> Recipe:
    """The recipe of a stage, the folders of the stages before it put in."""
    return recipe_of(one, place.corpus, place.stage(one.key), folders_of(runs, place))


def folders_of(runs: Sequence[Run], place: Place) -> Mapping[str, Path]:
    """The folder of each stage, by the name that placeholders have."""
    return {one.key.rpartition("/")[2]: place.stage(one.key) for one in runs}


# ---------------------------------------------------------------------------------------------- training


def train_stage(one: Run, runs: Sequence[Run], place: Place, say: Say) -> None:
    """Train a stage that is not done.

    One that was stopped goes on where its trainer can (phi4, ssl-joint); any other begins again.

    Raises:
        OutputError: it was done with another recipe.
    """
    recipe, folder = resolved(one, runs, place), place.stage(one.key)
    asked = recipe.model_dump(mode="json")
    inputs = ids_of(folders_of(runs, place), one.places)
    if is_done(folder, asked, inputs):
        return
    say(f"{one.key}: training")
    resumes = isinstance(recipe, Phi4Recipe | SslJointRecipe)
    goes_on = resumes and not mark_of(folder).is_file()
    mark_of(folder).unlink(missing_ok=True)
    if not goes_on and folder.is_dir():
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with needing(extra_of(recipe)):
        run(recipe, resume=resumes)
    set_mark(folder, asked, inputs)


def _clear_stale(job: Job, place: Place) -> None:
    """Predictions of other weights than those that are there now do not count."""
    folder, own = place.row(job.name), [one.key for one in job.runs if one.key.startswith(f"{job.name}/")]
    marks = [read_mark(place.stage(key)) for key in own]
    asked = json.dumps([job.weights, *(mark.id for mark in marks if mark is not None)]) + "\n"
    made_by = folder / MADE_BY
    if not made_by.is_file() or made_by.read_text(encoding="utf-8") != asked:
        shutil.rmtree(folder)
        folder.mkdir()
        write_whole(made_by, asked)


# ----------------------------------------------------------------------------------------------- testing


def _models(job: Job, place: Place) -> list[tuple[Path | str, list[Utterance] | None]]:
    """The models to test, each with its utterances; None are all."""
    if job.weights is not None and (job.zero_shot or place.protocol == "official"):
        return [(job.weights, None)]
    last = [place.stage(one.key) for one in job.runs if one.key.startswith(f"{job.name}/")]
    if job.weights is None and place.protocol == "official":
        return [(last[-1], None)]
    if job.weights is None and job.runs[-1].fold is not None:
        chosen = [place.stage(one.key) for one in job.runs if one.fold is not None]
    else:
        source = Path(job.weights) if job.weights is not None else last[-1]
        chosen = sorted(path for path in (source / FOLDS).glob("*") if (path / HELD_OUT).is_file())
    if not chosen:
        raise OutputError(
            f"{job.weights or last[-1]} has no models of folds: what has learnt from all of the labelled "
            "speakers cannot be tested on them. Train with cross_validate=true"
        )
    held = [only(place.test, path / HELD_OUT) for path in chosen]
    _check_cover(job.name, held, place.test)
    return list(zip(chosen, held, strict=True))


def _check_cover(name: str, held: Sequence[Sequence[Utterance]], test: Sequence[Utterance]) -> None:
    ids = [utterance.id for fold in held for utterance in fold]
    if sorted(ids) != sorted(utterance.id for utterance in test):
        raise CorpusError(
            f"{name}: its folds leave out {len(set(ids))} utterances, {len(ids)} times in all, and the "
            f"labelled ones are {len(test)}: each must be left out once. Train it on this corpus"
        )


def _pool(folder: Path, folds: Sequence[Sequence[Utterance]], test: Sequence[Utterance]) -> None:
    """The predictions of all folds as one run, in the order of the corpus."""
    rows: dict[str, Prediction] = {}
    for number in range(len(folds)):
        path = folder / FOLDS / str(number) / PREDICTIONS
        rows |= {row.id: row for row in resume_rows(path, Prediction.model_validate_json, "a prediction")}
    partial = folder / f"{PREDICTIONS}.partial"
    with partial.open("w", encoding="utf-8") as lines:
        append_rows(lines, [rows[utterance.id] for utterance in test])
    partial.replace(folder / PREDICTIONS)
    results = summarise(read_evaluated(folder, test))
    write_whole(folder / RESULTS, results.model_dump_json(indent=2) + "\n")
