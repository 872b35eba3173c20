"""What the mean of two engines' scores is worth, from what `enunciate evaluate` wrote about each.

    enunciate evaluate --corpus C --split test --model POCKET --out build/pocket
    enunciate evaluate --corpus C --split test --model whisper --out build/whisper
    python benchmarks/mean_of_engines.py build/pocket build/whisper --corpus C --weights 0.3 0.4 0.5

The means are those of the engine `both`, in which the second engine counts less at the top of the scale. For
each weight of the second engine: PCC of each utterance score with 95% intervals over speakers, its
difference from the first engine's with a paired interval, and how many human scores the first engine's
intervals hold, shifted with the score. Weights are chosen on speakers that neither engine has learnt from
and that nothing is reported on. Clips that one of the two could not assess are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from enunciate.both.means import difference, shifted
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.evaluation.run import read_predictions
from enunciate.metrics.bootstrap import (
    Interval,
    pcc_interval,
    pcc_of_sums,
    pcc_rows,
    sums_difference_interval,
)
from enunciate.schema import ASPECTS, Assessment, Utterance


def paired(
    folders: Sequence[Path], utterances: Sequence[Utterance]
) -> tuple[list[Utterance], list[list[Assessment]]]:
    """Return the utterances that every engine assessed, and the assessments of each engine."""
    rows = [read_predictions(folder, utterances) for folder in folders]
    found = [
        {row.utterance.id: row.assessment for row in evaluated if row.assessment is not None}
        for evaluated in rows
    ]
    kept = [utterance for utterance in utterances if all(utterance.id in engine for engine in found)]
    return kept, [[engine[utterance.id] for utterance in kept] for engine in found]


def shown(interval: Interval | None) -> str:
    """Return an interval as text."""
    return "" if interval is None else f"({interval[0]:.3f} to {interval[1]:.3f})"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", type=Path, nargs=2, metavar="OUT")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--weights", type=float, nargs="+", default=[0.4])
    arguments = parser.parse_args()
    kept, (first, second) = paired(arguments.folders, load_corpus(arguments.corpus, "test"))
    speakers = [str(utterance.speaker) for utterance in kept]
    print(f"{len(kept)} utterances of {len(set(speakers))} speakers")
    print("| weight | aspect | PCC | less the first | held by the interval |\n|---|---|---|---|---|")
    for weight in (0.0, *arguments.weights):
        for aspect in ASPECTS:
            human = np.array([getattr(utterance.scores, aspect) for utterance in kept], dtype=np.float64)
            one, other = ([getattr(each, aspect) for each in engine] for engine in (first, second))
            means = [shifted(a, weight * difference(a, b)) for a, b in zip(one, other, strict=True)]
            values = np.array([mean.value for mean in means])
            alone = np.array([score.value for score in one])
            interval = pcc_interval(human, values, speakers)
            pcc, base = (float(np.corrcoef(human, scores)[0, 1]) for scores in (values, alone))
            gain = sums_difference_interval(
                pcc_of_sums, pcc_rows(human, values), pcc_rows(human, alone), speakers
            )
            held = np.mean([m.low <= h <= m.high for m, h in zip(means, human, strict=True)])
            print(
                f"| {weight:g} | {aspect} | {pcc:.3f} {shown(interval)} | {pcc - base:+.3f} {shown(gain)} "
                f"| {held:.1%} |"
            )


if __name__ == "__main__":
    main()
