"""Time and memory of the queries of docs/scale.md on the results of a million clips that are made up.

    python benchmarks/query_speed.py [--clips 1000000]

Needs DuckDB and Polars. The tables have the columns that `enunciate` writes, with random values, 20 phones
for each clip and no `row`, which the queries do not read. Each library runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from enunciate.exports.level import Level
from enunciate.exports.levels import columns_of
from enunciate.phones.inventory import PHONES

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
PHONES_OF_CLIP = 20
CLIPS_OF_PART = 10_000
FAILED = 0.01


def made_up(name: str, kind: str, ids: np.ndarray, rng: np.random.Generator) -> Any:
    """Return a column of random values."""
    n = len(ids)
    if name == "id":
        return pa.array(ids)
    if name in ("phone", "heard"):
        return pa.array(np.array(sorted(PHONES))[rng.integers(0, len(PHONES), n)])
    if name == "failure":
        return pa.array(np.where(rng.random(n) < FAILED, "audio_silent: silence", None))
    if kind == "text":
        return pa.array(["pocket 1.0" if name == "model" else "I think the weather is nice today."] * n)
    if kind == "truth":
        return pa.array(rng.random(n) < 0.1)
    return pa.array(rng.integers(0, 9, n) if kind == "whole" else rng.random(n).round(2) * 10)


def write_tables(folder: Path, n_clips: int) -> None:
    """Write the list, the parts of a run and the table of phones."""
    for place in ("lists", "results"):
        (folder / place).mkdir()
    rng = np.random.default_rng(0)
    utterances, phones = columns_of(Level.UTTERANCES), columns_of(Level.PHONES)
    schema = pa.schema([(c.name, made_up(c.name, c.kind, np.array(["a"]), rng).type) for c in phones])
    schema = schema.set(schema.get_field_index("failure"), pa.field("failure", pa.string()))
    with pq.ParquetWriter(folder / "phones.parquet", schema, compression="zstd") as writer:
        for number, begin in enumerate(range(0, n_clips, CLIPS_OF_PART)):
            ids = np.array(
                [f"speaker-{n // 50}/{n}" for n in range(begin, min(begin + CLIPS_OF_PART, n_clips))]
            )
            part = pa.table({c.name: made_up(c.name, c.kind, ids, rng) for c in utterances})
            pq.write_table(part, folder / "results" / f"part-{number:05}.parquet", compression="zstd")
            names = pa.table({"id": ids, "audio": ids, "text": ["so"] * len(ids)})
            pq.write_table(names, folder / "lists" / f"{number:05}.parquet")
            repeated = np.repeat(ids, PHONES_OF_CLIP)
            rows = {c.name: made_up(c.name, c.kind, repeated, rng) for c in phones}
            writer.write_table(
                pa.table(rows | {"failure": pa.nulls(len(repeated), pa.string())}, schema=schema)
            )


def queries() -> Iterator[tuple[str, str]]:
    """Yield the blocks of Python of the page, named by the library that they import."""
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        yield block.split()[1], block


def peak_kb() -> int:
    """Return the largest resident memory of this process; `getrusage` would count that of its parent, too."""
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1])


def run(library: str) -> None:
    """Run the queries of a library in the working folder, and print what they took as JSON."""
    began = time.perf_counter()
    exec(compile(dict(queries())[library], str(PAGE), "exec"), {})
    measured = {
        "library": library,
        "wall_s": round(time.perf_counter() - began, 2),
        "cpu_s": round(time.process_time(), 2),
        "peak_memory_mb": round(peak_kb() / 1024),
    }
    sys.stdout.write(json.dumps(measured) + "\n")


def main() -> None:
    """Make the tables, and measure both libraries."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=1_000_000)
    parser.add_argument("--run", choices=[name for name, _ in queries()], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run(arguments.run)
        return
    with tempfile.TemporaryDirectory() as name:
        write_tables(Path(name), arguments.clips)
        for library, _ in queries():
            command = [sys.executable, str(Path(__file__).resolve()), "--run", library]
            subprocess.run(command, cwd=name, check=True)


if __name__ == "__main__":
    main()
