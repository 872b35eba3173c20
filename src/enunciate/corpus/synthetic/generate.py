"""Generate shards of synthetic speech on all cores.

Speech synthesisers know which phones they say and when, and they mispronounce on demand, which no corpus with
a usable licence offers in quantity. Three free ones of Debian (`debian-packages.txt`) give a hundred voices
and several accents. Shards appear in the folder one by one, each complete, so that a reader can start before
the last is there; see `shard_files` for their form, and `mispronunciations` for the errors.
"""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from enunciate.corpus.synthetic.shard import Engine, ShardTask, SynthesisOptions
from enunciate.errors import CorpusError

_SHARD_TIMEOUT_S = 300
_LIBRARY_FOLDERS = (
    "usr/lib",
    "lib",
    "usr/lib/*-linux-gnu",
    "lib/*-linux-gnu",
    "usr/lib/*-linux-gnu/pulseaudio",
)
_PACKAGES = Path(__file__).with_name("debian-packages.txt")
_MAX_LOST_SHARE = 0.2
"""A greater share of lost shards means a broken installation, not rare crashes."""


@dataclass(frozen=True)
class SynthesisReport:
    """The outcome of `synthesise`."""

    shards: int
    """The number of complete shards."""
    lost: tuple[str, ...]
    """The name of each shard whose synthesiser crashed, with its last message."""


def shard_tasks(options: SynthesisOptions, out_dir: Path) -> list[ShardTask]:
    """List all shards, with the synthesisers spread evenly over them by their shares."""
    count = max(math.ceil(options.hours * 3600 / options.shard_s), 1)
    total = sum(options.engines.values())
    owed: dict[Engine, float] = dict.fromkeys(options.engines, 0.0)
    tasks: list[ShardTask] = []
    for number in range(count):
        for engine, share in options.engines.items():
            owed[engine] += share / total
        chosen: Engine = max(owed, key=owed.__getitem__)
        owed[chosen] -= 1
        tasks.append(ShardTask(number, chosen, out_dir, options))
    return tasks


def library_environment(root: Path | None) -> dict[str, str]:
    """Return the environment in which a child process finds the libraries under `root`, and this package."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    # One shard is one process, and threads of NumPy would only compete.
    environment.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    if root is not None:
        folders = [str(path) for pattern in _LIBRARY_FOLDERS for path in sorted(root.glob(pattern))]
        environment["LD_LIBRARY_PATH"] = os.pathsep.join([*folders, environment.get("LD_LIBRARY_PATH", "")])
    return environment


def _run_shard(task: ShardTask, environment: dict[str, str]) -> str | None:
    """Make one shard in a child process; return the last line of its error output, or None on success."""
    command = [sys.executable, "-m", "enunciate.corpus.synthetic.shard"]
    try:
        done = subprocess.run(
            command,
            input=pickle.dumps(task),
            env=environment,
            capture_output=True,
            timeout=_SHARD_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{task.stem} ({task.engine}): no end after {_SHARD_TIMEOUT_S} s"
    if done.returncode == 0:
        return None
    failure = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
    return f"{task.stem} ({task.engine}): exit {done.returncode}, {failure[0]}"


def synthesise(options: SynthesisOptions, out_dir: Path, workers: int) -> SynthesisReport:
    """Fill a folder with shards of labelled speech. The same options give the same shards.

    Args:
        options: The options of the run.
        out_dir: The folder, created where it is missing; shards of the same number are replaced.
        workers: The number of processes.

    Raises:
        CorpusError: So many shards failed that a synthesiser must be missing or broken.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    tasks = shard_tasks(options, out_dir.resolve())
    environment = library_environment(options.root)
    with ThreadPoolExecutor(workers) as pool:
        failures = list(pool.map(_run_shard, tasks, repeat(environment)))
    lost = tuple(failure for failure in failures if failure)
    if len(lost) > _MAX_LOST_SHARE * len(tasks):
        raise CorpusError(
            f"{len(lost)} of {len(tasks)} shards failed, the first with: {lost[0]}. Install the packages of "
            f"{_PACKAGES}, or unpack them into a folder and name it with --root"
        )
    return SynthesisReport(len(tasks) - len(lost), lost)
