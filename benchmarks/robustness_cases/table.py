"""The rows of a run as JSON, and as tables of Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from robustness_cases.bench import Row

NOT_GIVEN = "not given"
_SHARES = frozenset(
    (
        "share",
        "not scored",
        "warned of",
        "refused or warned of",
        "phones flagged",
        "30 ms or less",
        "found",
        "false marks",
        "diagnosis right",
        "reported as inserted",
        "within 20 ms",
    )
)
"""Values that are shown in percent."""
_CHANGES = ("surroundings", "manner", "gaps")
"""Cases whose scores are differences, shown with their sign."""

Sections = Mapping[str, Sequence[Row]]


def read_sections(path: Path, model: str, clips: int) -> dict[str, list[Row]]:
    """The rows of an earlier part of the same run; none where there is no such file."""
    if not path.is_file():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    if (content["model"], content["clips"]) != (model, clips):
        raise SystemExit(
            f"{path} holds rows of {content['model']} with --clips {content['clips']}: give another --out"
        )
    return {name: [Row(**row) for row in rows] for name, rows in content["cases"].items()}


def write_sections(
    path: Path, model: str, clips: int, sections: Sections, notes: Mapping[str, str] | None = None
) -> None:
    """Write JSON to a path, and the tables beside it with the suffix `.md`.

    Args:
        path: The JSON file.
        model: The engine and its version.
        clips: Clips per case.
        sections: The rows of each case.
        notes: A sentence on each case.
    """
    rows = {name: [vars(row) for row in found] for name, found in sections.items()}
    path.write_text(
        json.dumps({"model": model, "clips": clips, "cases": rows}, indent=1) + "\n", encoding="utf-8"
    )
    path.with_suffix(".md").write_text(as_markdown(sections, notes or {}), encoding="utf-8")


def as_markdown(sections: Sections, notes: Mapping[str, str]) -> str:
    """A table for each case, with a column for each value that occurs in it."""
    parts = [
        f"### {name}\n\n{notes.get(name, '')}\n\n{_table(rows, signed=name in _CHANGES)}"
        for name, rows in sections.items()
        if rows
    ]
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Row], *, signed: bool) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row.values))
    head = ["case", "n", *columns, "wanted"]
    lines = [head, ["---"] * len(head), *([*_cells(row, columns, signed), row.wanted] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(row: Row, columns: Sequence[str], signed: bool) -> list[str]:
    values = [shown(name, row.values[name], signed=signed) if name in row.values else "-" for name in columns]
    if not row.values:
        values = [NOT_GIVEN, *["-"] * (len(columns) - 1)] if columns else []
    return [row.case if columns or row.values else f"{row.case}: {NOT_GIVEN}", str(row.n), *values]


def shown(name: str, value: float, *, signed: bool = False) -> str:
    """A value as a cell: shares in percent, milliseconds whole, changes with their sign."""
    if name in _SHARES:
        return f"{100 * value:.1f}%" if 0 < value < 0.1 else f"{100 * value:.0f}%"
    if name.endswith(", ms"):
        return f"{value:.0f}"
    return f"{value:+.2f}" if signed or name == "bias" else f"{value:.2f}"
