"""The metrics of `pocket` by cross-validation: the model of each fold assesses its held-out speakers.

    python benchmarks/pocket_cross_validation.py --corpus CORPUS --folds build/pocket/folds --out OUT

`enunciate train conformer-scorer` wrote the folds. The models run as they ship (ONNX, from audio files), the
predictions of all folds are pooled, and the metrics are those of `enunciate evaluate`. Writes
`OUT/fold-K/predictions.jsonl` and `OUT/results.json`. Rerun the same command to resume.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.engines import load_assessor
from enunciate.evaluation.run import evaluate, read_predictions
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.results import summarise


def run_fold(folder: Path, corpus: Path, out: Path) -> list[Evaluated]:
    """Assess the held-out clips of one fold."""
    held = set(json.loads((folder / "held_out.json").read_text()))
    utterances = [u for u in load_corpus(corpus, "test") if u.id in held]
    target = out / f"fold-{folder.name}"
    evaluate(load_assessor(folder), utterances, target)
    return read_predictions(target, utterances)


def main() -> None:
    """Assess all folds and print the pooled metrics."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--folds", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    folders = sorted(arguments.folds.iterdir())
    with ProcessPoolExecutor(arguments.workers) as workers:
        folds = workers.map(run_fold, folders, repeat(arguments.corpus), repeat(arguments.out))
        pairs = [pair for fold in folds for pair in fold]
    results = summarise(pairs)
    (arguments.out / "results.json").write_text(results.model_dump_json(indent=1) + "\n")
    print(results.model_dump_json(indent=1))


if __name__ == "__main__":
    main()
