"""`enunciate assess --engine ray`: a list of any length, on the cores or GPUs of one machine or of many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from enunciate.cli.output_format import OutputFormat
from enunciate.errors import EXIT_CODE

if TYPE_CHECKING:
    from enunciate.distributed.clip_worker import WorkerSettings


def check_distributed_usage(
    manifest: str | None, out: Path | None, format: OutputFormat | None, shard: str | None
) -> None:
    """Refuse options that do not go with `--engine ray`.

    Raises:
        typer.BadParameter: There are such options.
    """
    if manifest is None or out is None:
        raise typer.BadParameter("--engine ray needs --manifest and --out, a folder")
    if format not in (None, OutputFormat.PARQUET):
        raise typer.BadParameter(
            f"--engine ray writes parts in Parquet: make {format} of them with `enunciate merge`"
        )
    if shard is not None:
        raise typer.BadParameter("--shard is for runs without Ray, which divides the list itself")


def assess_distributed(
    manifest: str, out: Path, settings: WorkerSettings, *, workers: int | None, gpus_per_worker: float
) -> None:
    """Assess the clips of a list that have no result in a folder yet.

    Raises:
        typer.Exit: A clip could not be assessed; the others have their results.
    """
    from enunciate.cli.terminal import progress_bar
    from enunciate.distributed.run import ClusterSettings, assess_on_ray

    cluster = ClusterSettings(workers=workers, gpus_per_worker=gpus_per_worker)
    with progress_bar("assessing") as progress:
        counts = assess_on_ray(manifest, out, settings, cluster, progress=progress)
    typer.echo(f"{counts.n_clips:,} clips in {out}, {counts.n_clips - counts.n_kept:,} of them new")
    if counts.n_failed:
        typer.echo(
            f"error: {counts.n_failed} of {counts.n_clips} clips could not be assessed: "
            '"failure" in their rows says why. To retry them, give a list of them and another folder.',
            err=True,
        )
        raise typer.Exit(EXIT_CODE)
