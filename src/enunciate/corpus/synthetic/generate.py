"""Labelled synthetic speech for training a phone recogniser, made on all cores.

    python -m enunciate.corpus.synthetic OUT --hours 20 --workers 16 --seed 1

Speech synthesisers know which phones they say and when, and they say wrong phones on demand, which no
corpus of a usable licence offers in quantity. Three free ones of Debian (`debian-packages.txt`) give a
hundred voices and several accents; see `synthetic_errors` for the mispronunciations. Shards appear in the
folder one by one, whole, so that a reader can start before the last is there:

    shard-0000.npz    samples: int16 at 16 kHz, all clips end to end; offsets: (clips + 1,)
    shard-0000.jsonl  {"id": "flite-0000-0000", "engine": "flite", "voice": "flite-slt",
                       "text": "we call it bear", "canonical": ["W", "IY", ...], "spoken": ["V", "IY", ...],
                       "segments": [["SIL", 0.0, 0.31], ["V", 0.31, 0.36], ...]}
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

import numpy as np

from enunciate.corpus.synthetic.shard import Engine, ShardTask, SynthesisOptions, SyntheticClip
from enunciate.corpus.synthetic.text import TextSources, read_dictionary, read_fortunes, read_sentences
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
_MOST_LOST = 0.2
"""Losing more than this share of the shards means a broken installation rather than a rare crash."""


@dataclass(frozen=True)
class SynthesisReport:
    """What `synthesise` made."""

    shards: int
    lost: tuple[str, ...]
    """Stem and last words of each shard whose synthesiser crashed."""


def shard_tasks(options: SynthesisOptions, out_dir: Path) -> list[ShardTask]:
    """All shards, the engines spread evenly over them by their shares."""
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
    """The environment in which a child finds the libraries under `root`, and this package."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    # One shard is one process: threads of NumPy's own would only compete.
    environment.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    if root is not None:
        folders = [str(path) for pattern in _LIBRARY_FOLDERS for path in sorted(root.glob(pattern))]
        environment["LD_LIBRARY_PATH"] = os.pathsep.join([*folders, environment.get("LD_LIBRARY_PATH", "")])
    return environment


def _run_shard(task: ShardTask, environment: dict[str, str]) -> str | None:
    """Make one shard in a child process; its last line of complaint, or None where all went well."""
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
    complaint = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
    return f"{task.stem} ({task.engine}): exit {done.returncode}, {complaint[0]}"


def synthesise(options: SynthesisOptions, out_dir: Path, workers: int) -> SynthesisReport:
    """Fill a folder with shards of labelled speech; the same options give the same shards.

    Args:
        options: What to make.
        out_dir: Created where it is missing; shards of the same number are replaced.
        workers: Processes at a time.

    Raises:
        CorpusError: So many shards failed that a synthesiser must be missing or broken.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    tasks = shard_tasks(options, out_dir.resolve())
    environment = library_environment(options.root)
    with ThreadPoolExecutor(workers) as pool:
        complaints = list(pool.map(_run_shard, tasks, repeat(environment)))
    lost = tuple(complaint for complaint in complaints if complaint)
    if len(lost) > _MOST_LOST * len(tasks):
        raise CorpusError(
            f"{len(lost)} of {len(tasks)} shards failed, the first with: {lost[0]}. Install the packages of "
            f"{_PACKAGES}, or unpack them into a folder and name it with --root"
        )
    return SynthesisReport(len(tasks) - len(lost), lost)


def read_shards(folder: Path) -> Iterator[SyntheticClip]:
    """The clips of all finished shards, in order.

    Raises:
        CorpusError: The folder has no finished shard, or the two files of one do not match.
    """
    labels = sorted(folder.glob("shard-*.jsonl"))
    if not labels:
        raise CorpusError(f"no finished shard in {folder}: run python -m enunciate.corpus.synthetic first")
    for path in labels:
        yield from _read_shard(path)


def _read_shard(path: Path) -> Iterator[SyntheticClip]:
    with np.load(path.with_suffix(".npz")) as arrays:
        samples, offsets = arrays["samples"], arrays["offsets"]
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if len(rows) != len(offsets) - 1:
        raise CorpusError(f"{path} has {len(rows)} lines for {len(offsets) - 1} clips: make the shard again")
    for row, start, end in zip(rows, offsets[:-1], offsets[1:], strict=True):
        row["segments"] = tuple((phone, start_s, end_s) for phone, start_s, end_s in row["segments"])
        row["canonical"], row["spoken"] = tuple(row["canonical"]), tuple(row["spoken"])
        yield SyntheticClip(**row, samples=samples[start:end])


def _sources(arguments: argparse.Namespace) -> TextSources:
    return TextSources(
        given=read_sentences(arguments.sentences) if arguments.sentences else (),
        dictionary=read_dictionary(arguments.dictionary) if arguments.dictionary else (),
        fortunes=read_fortunes(arguments.root or Path("/")),
    )


def main() -> None:
    """Parse the command line and synthesise."""
    parser = argparse.ArgumentParser(description="Make labelled synthetic speech.")
    parser.add_argument("out", type=Path, help="folder for the shards")
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--root", type=Path, help="folder with the unpacked Debian packages")
    parser.add_argument("--sentences", type=Path, help="text file, one sentence a line")
    parser.add_argument("--dictionary", type=Path, help="pronunciation dictionary in CMUdict's format")
    parser.add_argument("--engines", nargs="+", choices=("flite", "espeak", "festival"), help="only these")
    arguments = parser.parse_args()
    options = SynthesisOptions(
        hours=arguments.hours,
        seed=arguments.seed,
        root=arguments.root.resolve() if arguments.root else None,
        sources=_sources(arguments),
    )
    if arguments.engines:
        shares: dict[Engine, float] = {name: options.engines[name] for name in arguments.engines}
        options = replace(options, engines=shares)
    report = synthesise(options, arguments.out, arguments.workers)
    print(f"{report.shards} shards in {arguments.out}", *report.lost, sep="\n")
