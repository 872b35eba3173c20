"""Clips a second and memory of `enunciate assess` on a list: one process, and Ray with 1, 2, ... workers.

    python benchmarks/batch_scale.py [--clips 20000] [--workers 1 2] [--model pocket] [--gpus-per-worker 0]

The clips have 4 s each and are made of the example by another loudness and noise for each, so that no two are
the same. Rates are those between the first result and the last, without the start; `whole_s` is all of a run.
Memory is the sum of the proportional set sizes of all processes of a run (`Pss`, in which a page that several
share counts once), sampled every two seconds: its largest value in the second and in the last quarter of the
run, which are equal where memory is flat. `busy_cores` says how many cores other work used before each run.
Where that is not near 0, the runs share cores with it, and only `clips_per_cpu_s` is to be compared: clips
between the first result and the last for each second of processor time that all processes of the run used.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile as sf

from enunciate.audio import SAMPLE_RATE_HZ, load

TEXT = "I think the weather is nice today."
SECONDS = 4
SAMPLE_EVERY_S = 2.0
BUSY_OVER_S = 5.0


def make_clips(folder: Path, count: int) -> Path:
    """Write clips and a list of them in Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    example = Path(__file__).parent.parent / "examples" / "i_think_the_weather_is_nice.flac"
    speech = np.resize(load(example).samples, SECONDS * SAMPLE_RATE_HZ)
    speech[load(example).samples.size :] = 0.0
    rng = np.random.default_rng(0)
    names = [f"{number:07}.wav" for number in range(count)]
    for name in names:
        noise = rng.normal(scale=3e-4, size=speech.size)
        sf.write(folder / name, rng.uniform(0.3, 0.9) * speech + noise, SAMPLE_RATE_HZ)
    table = pa.table({"id": names, "audio": names, "text": [TEXT] * count})
    pq.write_table(table, folder / "clips.parquet", row_group_size=5_000)
    return folder / "clips.parquet"


def busy_cores() -> float:
    """Return the cores that are busy now, over five seconds."""

    def ticks() -> int:
        user, nice, system, _, _, *rest = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
        return user + nice + system + sum(rest[:2])

    before = ticks()
    time.sleep(BUSY_OVER_S)
    return (ticks() - before) / os.sysconf("SC_CLK_TCK") / BUSY_OVER_S


def processes_of(root: int) -> Iterator[Path]:
    """Yield the folders in /proc of a process and of all its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        yield Path(f"/proc/{pid}")


class Usage:
    """What the processes of a run use; the processor time of those that have ended counts on."""

    def __init__(self, root: int) -> None:
        self.root = root
        self._ticks: dict[str, int] = {}

    def memory_and_cpu(self) -> tuple[float, float]:
        """Return the memory in MB, and the seconds of processor time that were used so far."""
        total_kb = 0
        for process in processes_of(self.root):
            with contextlib.suppress(OSError):
                stat = (process / "stat").read_text().rpartition(")")[2].split()
                self._ticks[process.name] = sum(map(int, stat[11:13]))
                rollup = (process / "smaps_rollup").read_text()
                (pss,) = (line for line in rollup.splitlines() if line.startswith("Pss:"))
                total_kb += int(pss.split()[1])
        return total_kb / 1024, sum(self._ticks.values()) / os.sysconf("SC_CLK_TCK")


def results_in(out: Path) -> int:
    """Return how many results a run has written so far."""
    import pyarrow.parquet as pq

    if out.is_file():
        return out.read_bytes().count(b"\n")
    rows = out / "rows.jsonl"
    n_open = rows.read_bytes().count(b"\n") if rows.exists() else 0
    return n_open + sum(pq.read_metadata(part).num_rows for part in out.glob("part-*.parquet"))


def measure(command: Sequence[str], out: Path, count: int) -> dict[str, float]:
    """Run a command that writes the results of so many clips to a file or folder."""
    busy = busy_cores()
    began = time.perf_counter()
    run = subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    usage = Usage(run.pid)
    samples: list[tuple[float, int, float, float]] = []
    while run.poll() is None:
        time.sleep(SAMPLE_EVERY_S)
        n_done = results_in(out) if out.exists() else 0
        samples.append((time.perf_counter() - began, n_done, *usage.memory_and_cpu()))
    whole_s = time.perf_counter() - began
    assert run.returncode == 0, run.stderr and run.stderr.read().decode()[-4000:]
    assert results_in(out) == count
    during = [one for one in samples if 0 < one[1] < count]
    (first_s, first_n, _, first_cpu_s), (last_s, last_n, _, last_cpu_s) = during[0], during[-1]
    quarters = {"memory_mb_second_quarter": 0.25, "memory_mb_last_quarter": 0.75}
    memory = {
        name: max(mb for _, n_done, mb, _ in during if low <= n_done / count < low + 0.25)
        for name, low in quarters.items()
    }
    return {
        "busy_cores": busy,
        "whole_s": whole_s,
        "clips_per_s": (last_n - first_n) / (last_s - first_s),
        "clips_per_cpu_s": (last_n - first_n) / (last_cpu_s - first_cpu_s),
        **memory,
    }


def main() -> None:
    """Measure every way in turn, and print one line of JSON for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=20_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--gpus-per-worker", default="0")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = make_clips(folder, arguments.clips)
        base = [sys.executable, "-m", "enunciate", "assess", "--manifest", str(manifest)]
        base += ["--model", arguments.model]
        runs = {"one process": (base, folder / "rows.jsonl")}
        for workers in arguments.workers:
            options = ["--engine", "ray", "--workers", str(workers)]
            options += ["--gpus-per-worker", arguments.gpus_per_worker]
            runs[f"ray, {workers} workers"] = ([*base, *options], folder / f"ray-{workers}")
        for label, (command, out) in runs.items():
            measured = measure(command, out, arguments.clips)
            values = {key: round(value, 2) for key, value in measured.items()}
            sys.stdout.write(json.dumps({"run": label, "clips": arguments.clips, **values}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
