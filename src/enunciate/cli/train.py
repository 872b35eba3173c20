"""`enunciate train`: run the trainer of a recipe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.exit_codes import exit_on_error
from enunciate.cli.log import log_training
from enunciate.errors import needing


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="The name of a recipe that ships (`enunciate recipes` lists them), or a YAML file.",
            show_default=False,
        ),
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...", help="Values that replace those of the recipe.", show_default=False
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Resume a stopped run (speech language models, and the kind ssl-joint)."
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show what would be trained, on what data, for how many steps and in how much memory, then "
            "stop (speech language models).",
        ),
    ] = False,
) -> None:
    """Train a part of a model by a recipe.

    Needs: pip install 'enunciate[train]'; 'enunciate[baselines]' for the baselines; 'enunciate[llm]' for
    ssl-joint and speech language models (the kinds phi4, whisper, qwen2_audio, voxtral, granite_speech). To
    train an adapter on several GPUs, start its recipe with `accelerate launch` or `torchrun`:
    -m enunciate train RECIPE.
    """
    from enunciate.trainers import extra_of, load_recipe, run

    log_training()
    with exit_on_error(on_interrupt="what training wrote so far is in the recipe's 'out'"):
        checked = load_recipe(recipe, overrides or ())
        with needing(extra_of(checked)):
            facts = run(checked, resume=resume, dry_run=dry_run)
        _show_facts(facts, None if dry_run else checked.out)


def _show_facts(facts: Mapping[str, str], out: Path | None) -> None:
    if os.environ.get("RANK", "0") != "0":  # of several processes, only the first prints
        return
    from enunciate.cli.terminal import facts_table, show

    show(facts_table(facts))
    if out is not None:
        typer.echo(f"written to {out}")
