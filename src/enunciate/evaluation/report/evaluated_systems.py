"""The systems of a report: folders that `enunciate evaluate` wrote, with the corpus they were run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from enunciate.corpus.kinds import CorpusKind
from enunciate.corpus.load import kind_of, load_any_corpus
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import OutputError
from enunciate.evaluation.run import PREDICTIONS, RESULTS, Prediction
from enunciate.metrics.correlation import FloatArray
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.results import Results, summarise
from enunciate.metrics.stopwatch import utterance_predictors
from enunciate.schema import Utterance


@dataclass(frozen=True)
class System:
    """One folder: its name, its clips in the order of the corpus, and the errors by clip id."""

    name: str
    pairs: list[Evaluated]
    errors: dict[str, str]

    @cached_property
    def results(self) -> Results:
        """The metrics, computed afresh, so that all systems are measured alike."""
        return summarise(self.pairs, self.stopwatch)

    @cached_property
    def stopwatch(self) -> FloatArray:
        """The inputs of `stopwatch` for each clip, shape (N, 7); computing them reads the audio."""
        return utterance_predictors([pair.utterance for pair in self.pairs])


def load_systems(folders: Mapping[str, Path], corpus: Path) -> list[System]:
    """Read folders that `enunciate evaluate` wrote.

    Args:
        folders: One per system, by its name.
        corpus: The folder of Speechocean762 on which they were evaluated.

    Raises:
        CorpusError: The corpus cannot be read.
        OutputError: A folder has no finished run, or a run on another corpus.
    """
    utterances = load_whole_corpus(corpus)
    return [_load(folder, name, utterances) for name, folder in folders.items()]


def load_whole_corpus(corpus: Path) -> list[Utterance]:
    """Return the utterances of every split that exists: predictions do not record their split."""
    if kind_of(corpus) is not CorpusKind.SPEECHOCEAN762:
        return load_any_corpus(corpus, "all")
    splits = [split for split in ("train", "test") if (corpus / split).is_dir()]
    if splits == ["train"]:
        return load_corpus(corpus, "train")
    return load_corpus(corpus, "test" if splits == ["test"] else "all")


def _load(folder: Path, name: str, utterances: Sequence[Utterance]) -> System:
    rows = _read_rows(folder)
    unknown = sorted(rows.keys() - {utterance.id for utterance in utterances})
    if unknown:
        raise OutputError(
            f"{folder}: {len(unknown)} of its clips, such as {unknown[0]}, are not in this corpus. Give "
            "the --corpus on which it was evaluated"
        )
    pairs = [
        Evaluated(utterance, row.assessment, row.free_phones)
        for utterance in utterances
        if (row := rows.get(utterance.id))
    ]
    return System(name, pairs, {row.id: row.error for row in rows.values() if row.error})


def _read_rows(folder: Path) -> dict[str, Prediction]:
    """Read without changing the file, unlike a resumed run: it may still be being written."""
    path = folder / PREDICTIONS
    if not path.is_file():
        raise OutputError(f"{folder} has no {PREDICTIONS}: give a folder that enunciate evaluate wrote")
    if not (folder / RESULTS).is_file():
        raise OutputError(
            f"{folder} has no {RESULTS}: its run did not finish. Rerun the same evaluate command"
        )
    rows: dict[str, Prediction] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = Prediction.model_validate_json(line)
            except ValidationError as error:
                raise OutputError(
                    f"{path}, line {number} is not a prediction ({error.errors()[0]['msg']}). Evaluate again"
                ) from error
            rows[row.id] = row
    if not rows:
        raise OutputError(f"{path} is empty: evaluate at least one clip")
    return rows
