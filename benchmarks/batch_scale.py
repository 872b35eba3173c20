"""Clips a second and memory of `enunciate assess` on a list, with Ray and without.

    python benchmarks/batch_scale.py [--clips 20000] [--workers 1 2] [--processes 1 2] [--model pocket]
    python benchmarks/batch_scale.py --model FOLDER --gpus-per-worker 1 --workers 1 2 [--clip-folder CLIPS]

Plain processes with a share of the list each (`--shard`), which say what the machine can do without Ray: one,
and as many as each number of workers, or those that `--processes` gives. Then Ray with each number of
workers. With `--gpus-per-worker`, a run sees as many GPUs as its workers need and no more; of plain
processes, each sees the one that a worker in its place would have, and torch has one thread in each. A part
of a GPU is a decimal number, such as 0.0625.

The clips have 4 s each and are made of the example by another loudness and noise for each, so that no two are
the same. Rates are those between the first result and the last, without the start; `clips_per_s_middle` is
that between a quarter and nine tenths of the clips, when all of many workers have started and none is without
work; `whole_s` is all of a run.
`driver_and_ray_cores` says how many cores the driver and Ray's own processes used, without the workers.
Memory is the sum of the proportional set sizes of all processes of a run (`Pss`, in which a page that several
share counts once), sampled every two seconds (`--sample-every`): its largest value in the second and in the
last quarter of the run, which are equal where memory is flat. `busy_cores` says how many cores other work
used before each run. Where that is not near 0, the runs share cores with it, and only `clips_per_cpu_s` is to
be compared: clips between the first result and the last for each second of processor time that all processes
of the run used.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from batch_clips import make_clips

BUSY_OVER_S = 5.0
ROUNDING = 1e-6
"""What a sum of parts of a GPU may differ by from a whole one."""
WORKER = b"ClipWorker"
"""What the command line of a worker of Ray has in it."""


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


@dataclass(frozen=True)
class Command:
    """A command that writes results, and the GPUs that it sees: None for all that there are."""

    arguments: Sequence[str]
    gpus: Sequence[int] | None = None

    def start(self, out: Path) -> subprocess.Popen[bytes]:
        """Start it."""
        seen = {} if self.gpus is None else {"CUDA_VISIBLE_DEVICES": ",".join(map(str, self.gpus))}
        one_thread = {"OMP_NUM_THREADS": "1"}  # as Ray sets it for workers with one core
        return subprocess.Popen(
            [*self.arguments, "--out", str(out)],
            env=os.environ | one_thread | seen,
            stdout=subprocess.DEVNULL,  # and what it says on stderr is seen
        )


def gpu_of(index: int, gpus_each: float) -> int:
    """Return the first GPU of a worker; those with a part of a GPU fill one after the other."""
    if gpus_each >= 1:
        return index * math.ceil(gpus_each)
    return index // int(1 / gpus_each + ROUNDING)


def plain_processes(base: Sequence[str], number: int, gpus_each: float, folder: Path) -> dict[Path, Command]:
    """Return the commands of plain processes that share a list, by the files of their results."""
    return {
        folder / f"rows-{number}-{share}.jsonl": Command(
            [*base, "--shard", f"{share + 1}/{number}"],
            [gpu_of(share, gpus_each)] if gpus_each else None,
        )
        for share in range(number)
    }


def workers_of_ray(base: Sequence[str], number: int, gpus_each: float, folder: Path) -> dict[Path, Command]:
    """Return the command of a run with so many workers, by the folder of its results."""
    options = ["--engine", "ray", "--workers", str(number), "--gpus-per-worker", str(gpus_each)]
    seen = list(range(gpu_of(number - 1, gpus_each) + math.ceil(gpus_each))) if gpus_each else None
    return {folder / f"ray-{number}": Command([*base, *options], seen)}


def rate(samples: Sequence[Sample]) -> float:
    """Return the clips a second between the first new results and the last; NaN where there are not two.

    Results come in groups: without this, the wait for the group after the last would count.
    """
    n_before = (0, *(one.n_done for one in samples))
    new = [one for one, before in zip(samples, n_before, strict=False) if one.n_done > before]
    if len(new) < 2:
        return math.nan
    first, last = new[0], new[-1]
    return (last.n_done - first.n_done) / (last.at_s - first.at_s)


def most_memory(samples: Sequence[Sample], least: float, under: float) -> float:
    """Return the largest memory in MB while the number of results was in a range; NaN without a sample."""
    return max((one.memory_mb for one in samples if least <= one.n_done < under), default=math.nan)


def measure(commands: Mapping[Path, Command], count: int, every_s: float) -> dict[str, float]:
    """Run commands side by side, which write the results of so many clips to files or a folder."""
    busy = busy_cores()
    began = time.perf_counter()
    runs = [command.start(out) for out, command in commands.items()]
    usage = Usage([run.pid for run in runs])
    samples: list[Sample] = []
    while all(run.poll() is None for run in runs):
        time.sleep(every_s)
        n_done = sum(results_in(out) for out in commands if out.exists())
        samples.append(usage.sample(time.perf_counter() - began, n_done))
    assert not any(run.wait() for run in runs), "a run has failed"
    whole_s = time.perf_counter() - began
    assert sum(map(results_in, commands)) == count
    during = [one for one in samples if 0 < one.n_done < count]
    first, last = during[0], during[-1]
    seconds, cpu_s = last.at_s - first.at_s, last.cpu_s - first.cpu_s
    quarters = {"memory_mb_second_quarter": 0.25, "memory_mb_last_quarter": 0.75}
    memory = {name: most_memory(during, low * count, (low + 0.25) * count) for name, low in quarters.items()}
    measured = {
        "busy_cores": busy,
        "whole_s": whole_s,
        "clips_per_s": rate(during),
        "clips_per_s_middle": rate([one for one in during if 0.25 <= one.n_done / count <= 0.9]),
        "clips_per_cpu_s": (last.n_done - first.n_done) / cpu_s,
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
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--processes", type=int, nargs="*", help="default: 1, and the numbers of workers")
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--gpus-per-worker", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=1, help="of each process and worker")
    parser.add_argument("--sample-every", type=float, default=2.0, help="seconds between looks at a run")
    parser.add_argument("--clip-folder", type=Path, help="where the clips stay, for further runs")
    arguments = parser.parse_args()
    workers, gpus_each = arguments.workers, arguments.gpus_per_worker
    processes = sorted({1, *workers}) if arguments.processes is None else arguments.processes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = make_clips(arguments.clip_folder or folder / "clips", arguments.clips)
        base = [sys.executable, "-m", "enunciate", "assess", "--manifest", str(manifest)]
        base += ["--model", arguments.model, "--threads", str(arguments.threads)]
        runs = {f"{n} plain": plain_processes(base, n, gpus_each, folder) for n in processes}
        runs |= {f"ray, {n} workers": workers_of_ray(base, n, gpus_each, folder) for n in workers}
        for label, commands in runs.items():
            measured = measure(commands, arguments.clips, arguments.sample_every)
            values = {key: round(value, 2) for key, value in measured.items()}
            sys.stdout.write(json.dumps({"run": label, "clips": arguments.clips, **values}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
