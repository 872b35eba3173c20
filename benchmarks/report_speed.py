"""Time and memory of `enunciate report` on the results of a million clips that are made up.

    python benchmarks/report_speed.py [--clips 1000000]

Needs DuckDB. The results are those of `query_speed.py`; the labels have human scores for each clip, 50 clips
a speaker, and the phones are 20 a clip. The command runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from query_speed import write_tables

from enunciate.schema import ASPECTS

LANGUAGES = ("Arabic", "Hindi", "Korean", "Mandarin", "Spanish", "Vietnamese")
CLIPS_OF_SPEAKER = 50


def write_labels(path: Path, results: Path) -> None:
    """Write human scores that agree with the predicted ones in part, and who spoke."""
    predicted = pq.read_table(results, columns=["id", *ASPECTS])
    n = predicted.num_rows
    rng = np.random.default_rng(1)
    speaker = np.arange(n) // CLIPS_OF_SPEAKER
    columns = {"id": predicted["id"], "speaker": pa.array([f"s{number}" for number in speaker])}
    for aspect in ASPECTS:
        noisy = predicted[aspect].to_numpy() + rng.normal(scale=2, size=n)
        columns[aspect] = pa.array(np.clip(np.rint(noisy), 0, 10))
    columns["age"] = pa.array(8 + speaker % 60)
    columns["gender"] = pa.array(np.array(["f", "m"])[speaker % 2])
    columns["first_language"] = pa.array(np.array(LANGUAGES)[speaker % len(LANGUAGES)])
    pq.write_table(pa.table(columns), path)


def main() -> None:
    """Make the tables, and measure the command with and without them all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(folder, arguments.clips)
        write_labels(folder / "labels.parquet", folder / "results")
        command = [sys.executable, "-m", "enunciate", "report", "made-up=results", "--html", "report.html"]
        command += ["--labels", "labels.parquet", "--phones", "phones.parquet"]
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        measured = {
            "clips": arguments.clips,
            "wall_s": round(time.perf_counter() - began, 1),
            "cpu_s": round(used.ru_utime + used.ru_stime, 1),
            "peak_memory_mb": round(used.ru_maxrss / 1024),
        }
        sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
