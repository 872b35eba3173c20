"""A list of any length on the cores or GPUs of a cluster, or of this machine, resumable at every moment."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

from enunciate.distributed.clip_source import clip_source, not_done
from enunciate.distributed.clip_worker import ClipWorker, WorkerSettings
from enunciate.distributed.part_folder import ROWS_PER_PART, PartFolder
from enunciate.distributed.result_rows import table_of_results
from enunciate.errors import DeviceError, EnunciateError, ManifestError, needing
from enunciate.manifest import RunCounts
from enunciate.progress import Progress
from enunciate.schema import ClipError, Failure
from enunciate.serve.settings import available_cores
from enunciate.storage import writing_to

ROWS_PER_TASK = 32
"""Clips that a worker takes at once; those of a worker that dies are assessed again."""
ROWS_PER_GPU_TASK = 128
"""The same for a worker with a GPU, whose engine batches clips of similar length."""
READERS_CPUS = 1
"""The part of a cluster that reads and divides the list; on one machine it comes on top of the cores."""
ROUNDING = 1e-6
"""What the sum of the parts of a GPU may exceed it by."""
RETRIES = 3
"""How often a task is tried again whose worker or machine died, before its clips are tried one by one."""
WORKER_DIED = "worker_died"
"""The code of a clip with which every worker died."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClusterSettings:
    """How the work is spread.

    Attributes:
        workers: The number of engines; by default as many as there is room for, one per core or per GPU.
        gpus_per_worker: GPUs, or a part of one, that an engine has for itself.
        rows_per_part: Rows of each part of the results.
    """

    workers: int | None = None
    gpus_per_worker: float = 0.0
    rows_per_part: int = ROWS_PER_PART


def assess_on_ray(
    manifest: str,
    out: Path,
    settings: WorkerSettings,
    cluster: ClusterSettings = ClusterSettings(),
    *,
    progress: Progress | None = None,
) -> RunCounts:
    """Assess the clips of a list that have no row in a folder yet (`part_folder`).

    Joins the cluster that the environment variable RAY_ADDRESS names, or uses the cores of this machine. A
    worker that dies is replaced, and its clips are assessed again. A clip with which workers die again and
    again gets a row that says so.

    Args:
        manifest: The list, as for `clip_source`.
        out: The folder of the results, on a disk of this process.
        settings: The engine.
        cluster: How the work is spread.
        progress: Told how many clips have a row, and how many there are.

    Raises:
        ManifestError: The list cannot be read.
        OutputError: The folder belongs to another run.
        DeviceError: There is no such cluster, or it has no room for the workers.
        EnunciateError: The engine cannot be loaded; the message is that of the worker.
        MissingExtraError: ray or pyarrow is not installed.
    """
    with needing("ray"):
        ray: Any = import_module("ray")
        import_module("ray.data")
        import_module("pyarrow")
    _start(ray)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    workers = n_workers(ray, cluster, settings.threads)
    with writing_to(out):
        parts = PartFolder(out, settings.identity(), cluster.rows_per_part)
        try:
            run = _Run(ray, manifest, parts, settings, cluster.gpus_per_worker, progress)
            n_kept = len(parts.done)
            run.count()
            for rows_per_task in (ROWS_PER_GPU_TASK if cluster.gpus_per_worker else ROWS_PER_TASK, 1):
                if run.n_left > 0:
                    run.assess(workers, rows_per_task)
            if run.n_left > 0:
                run.give_up()
        except BaseException:
            parts.close()
            raise
        parts.finish()
    return RunCounts(n_clips=len(parts.done), n_kept=n_kept, n_failed=parts.n_failed)


def _start(ray: Any) -> None:
    """Join the cluster that RAY_ADDRESS names or, without it, start one of this machine alone.

    Raises:
        DeviceError: There is no such cluster.
    """
    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = os.environ.get("RAY_ADDRESS")
    # Without an address, Ray would join any cluster that runs on this machine.
    here = {} if address else {"address": "local", "num_cpus": available_cores() + READERS_CPUS}
    try:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR, **here)
    except (ConnectionError, RuntimeError, ValueError) as error:
        token = "; if it has a token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN" if address else ""
        raise DeviceError(f"no cluster of Ray at RAY_ADDRESS={address or 'local'} ({error}){token}") from None


def n_workers(ray: Any, cluster: ClusterSettings, cores: int) -> int:
    """Return the number of workers, which has to fit into the cluster beside the readers of the list.

    Args:
        ray: The package, which has joined the cluster.
        cluster: How the work is spread.
        cores: Those of each worker.

    Raises:
        DeviceError: It does not fit.
    """
    has: dict[str, float] = ray.cluster_resources()
    room = (int(has.get("CPU", 0)) - READERS_CPUS) // cores
    if cluster.gpus_per_worker:
        room = min(room, _room_on_gpus(int(has.get("GPU", 0)), cluster.gpus_per_worker))
    if room < (cluster.workers or 1):
        raise DeviceError(
            f"the cluster has {has.get('CPU', 0):g} cores, of which one reads the list, and "
            f"{has.get('GPU', 0):g} GPUs: there is room for {max(room, 0)} workers"
        )
    return cluster.workers or room


def _room_on_gpus(n_gpus: int, per_worker: float) -> int:
    """Return how many workers find room on GPUs: a worker that has a part of one has it on one GPU."""
    if per_worker >= 1:
        return int(n_gpus / per_worker)
    return n_gpus * int(1 / per_worker + ROUNDING)


@dataclass
class _Run:
    """One run after the start: what its passes over the list share."""

    ray: Any
    manifest: str
    parts: PartFolder
    settings: WorkerSettings
    gpus_per_worker: float
    progress: Progress | None
    n_left: int = 0
    """Rows of the list that have no result yet."""

    def _left(self, rows_per_task: int, *, failing: bool) -> Any:
        """Return the clips without a result; `failing` says whether a task that fails ends the run."""
        np: Any = import_module("numpy")
        self.ray.data.DataContext.get_current().max_errored_blocks = 0 if failing else -1
        done = np.array(sorted(self.parts.done), dtype="S16")
        return not_done(clip_source(self.manifest), self.ray.put(done), rows_per_task)

    def count(self) -> None:
        """Count the clips without a result, by reading the list to its end."""
        left = self._left(ROWS_PER_TASK, failing=True).select_columns(["id"])
        self.n_left = sum(table.num_rows for table in _tables(left))
        self._tell()

    def assess(self, workers: int, rows_per_task: int) -> None:
        """Assess the clips without a row; those of a task that fails for good stay without."""
        left = self._left(rows_per_task, failing=False)
        with catch_warnings():  # of the one way to limit the retries of a task, which Ray will drop
            filterwarnings("ignore", message="`ray_remote_args", category=DeprecationWarning)
            rows = left.map_batches(
                ClipWorker,
                fn_constructor_args=(self.settings,),
                batch_format="pyarrow",
                batch_size=rows_per_task,
                compute=self.ray.data.ActorPoolStrategy(min_size=1, max_size=workers, initial_size=workers),
                num_cpus=self.settings.threads,
                num_gpus=self.gpus_per_worker or None,
                max_restarts=-1,
                max_task_retries=RETRIES,
            )
        for table in _tables(rows):
            problem = next((text for text in table["problem"].to_pylist() if text), None)
            if problem is not None:
                raise EnunciateError(problem)
            self._add(table.drop_columns("problem"))

    def give_up(self) -> None:
        """Write a row for each clip that still has none."""
        left = self._left(1, failing=True).select_columns(["id", "source"])
        message = f"a worker died with this clip {RETRIES + 1} times: try it alone, with `enunciate assess`"
        for table in _tables(left):
            error = ClipError(code=WORKER_DIED, message=message)
            failures = [Failure(id=row["id"], audio=row["source"], error=error) for row in table.to_pylist()]
            self._add(table_of_results(failures))

    def _add(self, results: Any) -> None:
        before = len(self.parts.done)
        self.parts.add(results)
        self.n_left -= len(self.parts.done) - before
        self._tell()

    def _tell(self) -> None:
        if self.progress:
            n_done = len(self.parts.done)
            self.progress(n_done, n_done + self.n_left)


def _tables(dataset: Any) -> Iterator[Any]:
    """Yield the blocks of a dataset as they are ready, each held by nobody once the next is asked for.

    Raises:
        ManifestError: The list cannot be read to its end.
    """
    ray: Any = import_module("ray")
    try:
        yield from dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
    except ray.exceptions.RayTaskError as error:
        raise ManifestError(f"the list cannot be read: {error.cause}") from None
