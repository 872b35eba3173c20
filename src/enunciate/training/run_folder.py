"""Files that a trainer writes into the folder of a run, a recipe's `out`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from enunciate.storage import write_whole

LOG_FILE = "log.jsonl"
METRICS_FILE = "metrics.json"

Metrics = dict[str, float | None]
"""Metrics by name; None if one cannot be computed."""


def write_metrics(metrics: Mapping[str, float | None], out: Path) -> None:
    """Write the metrics of a finished run."""
    write_whole(out / METRICS_FILE, json.dumps(metrics, indent=1) + "\n")
