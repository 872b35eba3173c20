"""`enunciate export`: an adapter for other software."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.exit_codes import exit_on_error
from enunciate.errors import needing


class ExportFormat(StrEnum):
    """What an adapter can be written as."""

    MERGED = "merged"
    VLLM = "vllm"


def export(
    adapter: Annotated[
        Path,
        typer.Argument(help="A folder with an adapter that `enunciate train` wrote.", show_default=False),
    ],
    out: Annotated[Path, typer.Argument(help="The folder to write: a new one.", show_default=False)],
    format: Annotated[
        ExportFormat,
        typer.Option(
            help="merged: base and adapter in one folder of safetensors, for this package and transformers. "
            "vllm: the LoRA matrices of an adapter of Phi-4-multimodal, as vLLM loads them."
        ),
    ] = ExportFormat.MERGED,
) -> None:
    """Write an adapter of a speech language model for other software, with a card that says how to start it.

    Needs: pip install 'enunciate[llm]'.
    """
    with exit_on_error(on_interrupt="nothing was written"), needing("llm"):
        if format is ExportFormat.MERGED:
            from enunciate.speech_lm.export.merged import export_merged

            export_merged(adapter, out)
        else:
            from enunciate.speech_lm.export.vllm import export_for_vllm

            export_for_vllm(adapter, out)
        typer.echo(f"written to {out}: {out / 'README.md'} has the command to start it")
