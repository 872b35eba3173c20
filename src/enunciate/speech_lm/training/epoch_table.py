"""The evaluations of a run as a table with the columns of the paper's (arXiv 2509.02915), one row each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from enunciate.schema import ASPECTS

_COLUMNS = {
    "epoch": "epoch",
    **{f"{aspect}_pcc": f"{aspect}, PCC" for aspect in ASPECTS},
    **{f"{aspect}_pcc_expected": f"{aspect}, PCC of the expectation" for aspect in ASPECTS},
    "spearman": "mean Spearman",
    "wer": "WER",
    "per": "PER",
    "f1": "phone match, F1",
    "precision": "P",
    "recall": "R",
}


def read_evaluations(log: Path) -> list[dict[str, float]]:
    """Return the metrics of each evaluation in a log, by step; of a step that was repeated, the last ones."""
    found: dict[int, dict[str, float]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        values: dict[str, Any] = json.loads(line)
        metrics = {k.removeprefix("eval_"): v for k, v in values.items() if k.startswith("eval_")}
        if metrics:
            found[values["step"]] = metrics
    return [found[step] for step in sorted(found)]


def epoch_table(evaluations: Sequence[Mapping[str, float]]) -> Iterator[str]:
    """Yield the lines of a Markdown table; what was measured in no evaluation has no column."""
    columns = {key: name for key, name in _COLUMNS.items() if any(key in one for one in evaluations)}
    yield "| " + " | ".join(columns.values()) + " |"
    yield "|---" * len(columns) + "|"
    for one in evaluations:
        yield "| " + " | ".join(f"{one[key]:.3g}" if key in one else "-" for key in columns) + " |"
