"""`enunciate compare`: the differences of two evaluated systems, with intervals."""

from __future__ import annotations

from typing import Annotated

import typer

from enunciate.cli.exit_codes import exit_on_error
from enunciate.cli.options import EvaluatedCorpusOption, EvaluationFolder
from enunciate.errors import needing


def compare(
    a: EvaluationFolder,
    b: EvaluationFolder,
    corpus: EvaluatedCorpusOption,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Compare two evaluated systems: A - B per metric, with paired 95% intervals over speakers.

    Needs: pip install 'enunciate[eval]'.
    """
    with exit_on_error(on_interrupt="nothing was written"), needing("eval"):
        from enunciate.cli.comparison_table import comparison_table
        from enunciate.cli.terminal import show
        from enunciate.evaluation.compare import compare as compare_systems
        from enunciate.evaluation.report.evaluated_systems import load_systems
        from enunciate.evaluation.report.system_names import named_paths

        first, second = load_systems(named_paths([str(a), str(b)]), corpus)
        comparison = compare_systems(first.pairs, second.pairs, stopwatch=first.stopwatch)
        if json:
            typer.echo(comparison.model_dump_json(indent=2))
        else:
            show(comparison_table(comparison, first.name, second.name))
