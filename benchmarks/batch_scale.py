"""Clips a second and memory of `enunciate assess` on a list, with Ray and without.

    python benchmarks/batch_scale.py [--clips 20000] [--workers 1 2] [--model pocket] [--gpus-per-worker 0]

One process, and Ray with 1, 2, ... workers; before each number of workers from 2, as many plain processes
with a share of the list each (`--shard`), which say what the machine can do without Ray.

The clips have 4 s each and are made of the example by another loudness and noise for each, so that no two are
the same. Rates are those between the first result and the last, without the start; `whole_s` is all of a run.
`driver_and_ray_cores` says how many cores the driver and Ray's own processes used, without the workers.
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from enunciate.audio import SAMPLE_RATE_HZ, load

TEXT = "I think the weather is nice today."
SECONDS = 4
SAMPLE_EVERY_S = 2.0
BUSY_OVER_S = 5.0
WORKER = b"ClipWorker"
"""What the command line of a worker of Ray has in it."""


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


@dataclass(frozen=True)
class Sample:
    """What a run has done and used at a moment: results, memory in MB, and seconds of processor time."""

    at_s: float
    n_done: int
    memory_mb: float
    cpu_s: float
    worker_cpu_s: float


class Usage:
    """What the processes of a run use; the processor time of those that have ended counts on."""

    def __init__(self, roots: Sequence[int]) -> None:
        self.roots = roots
        self._ticks: dict[str, int] = {}
        self._workers: set[str] = set()

    def sample(self, at_s: float, n_done: int) -> Sample:
        """Look at all processes."""
        total_kb = 0
        for process in (one for root in self.roots for one in processes_of(root)):
            with contextlib.suppress(OSError):
                stat = (process / "stat").read_text().rpartition(")")[2].split()
                self._ticks[process.name] = sum(map(int, stat[11:13]))
                if WORKER in (process / "cmdline").read_bytes():
                    self._workers.add(process.name)
                rollup = (process / "smaps_rollup").read_text()
                (pss,) = (line for line in rollup.splitlines() if line.startswith("Pss:"))
                total_kb += int(pss.split()[1])
        all_ticks = sum(self._ticks.values())
        worker_ticks = sum(self._ticks[name] for name in self._workers)
        second = os.sysconf("SC_CLK_TCK")
        return Sample(at_s, n_done, total_kb / 1024, all_ticks / second, worker_ticks / second)


def results_in(out: Path) -> int:
    """Return how many results a run has written so far."""
    import pyarrow.parquet as pq

    if out.is_file():
        return out.read_bytes().count(b"\n")
    rows = out / "rows.jsonl"
    n_open = rows.read_bytes().count(b"\n") if rows.exists() else 0
    return n_open + sum(pq.read_metadata(part).num_rows for part in out.glob("part-*.parquet"))


def measure(commands: Mapping[Path, Sequence[str]], count: int) -> dict[str, float]:
    """Run commands side by side, which write the results of so many clips to files or a folder."""
    busy = busy_cores()
    began = time.perf_counter()
    runs = [
        subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for out, command in commands.items()
    ]
    usage = Usage([run.pid for run in runs])
    samples: list[Sample] = []
    while all(run.poll() is None for run in runs):
        time.sleep(SAMPLE_EVERY_S)
        n_done = sum(results_in(out) for out in commands if out.exists())
        samples.append(usage.sample(time.perf_counter() - began, n_done))
    for run in runs:
        _, stderr = run.communicate()
        assert run.returncode == 0, stderr.decode()[-4000:]
    whole_s = time.perf_counter() - began
    assert sum(map(results_in, commands)) == count
    during = [one for one in samples if 0 < one.n_done < count]
    first, last = during[0], during[-1]
    n_clips, seconds, cpu_s = last.n_done - first.n_done, last.at_s - first.at_s, last.cpu_s - first.cpu_s
    quarters = {"memory_mb_second_quarter": 0.25, "memory_mb_last_quarter": 0.75}
    memory = {
        name: max(one.memory_mb for one in during if low <= one.n_done / count < low + 0.25)
        for name, low in quarters.items()
    }
    measured = {
        "busy_cores": busy,
        "whole_s": whole_s,
        "clips_per_s": n_clips / seconds,
        "clips_per_cpu_s": n_clips / cpu_s,
        **memory,
    }
    if last.worker_cpu_s:
        measured["driver_and_ray_cores"] = (cpu_s - last.worker_cpu_s + first.worker_cpu_s) / seconds
    return measured


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
        runs: dict[str, dict[Path, list[str]]] = {"one process": {folder / "rows.jsonl": base}}
        for workers in arguments.workers:
            if workers > 1:
                runs[f"{workers} processes"] = {
                    folder / f"rows-{workers}-{share}.jsonl": [*base, "--shard", f"{share}/{workers}"]
                    for share in range(1, workers + 1)
                }
            options = ["--engine", "ray", "--workers", str(workers)]
            options += ["--gpus-per-worker", arguments.gpus_per_worker]
            runs[f"ray, {workers} workers"] = {folder / f"ray-{workers}": [*base, *options]}
        for label, commands in runs.items():
            measured = measure(commands, arguments.clips)
            values = {key: round(value, 2) for key, value in measured.items()}
            sys.stdout.write(json.dumps({"run": label, "clips": arguments.clips, **values}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
