"""What the commands print: plain tables, facts, and a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from io import StringIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

NOTHING = "-"
"""The cell of a value that there is not."""
_FILE_WIDTH = 100


def show(renderable: RenderableType) -> None:
    """Print to stdout, in colour if that is a terminal."""
    Console(highlight=False).print(renderable)


def as_text(renderable: RenderableType) -> str:
    """Render as plain text, as it is written to a file."""
    file = StringIO()
    Console(file=file, width=_FILE_WIDTH, highlight=False, no_color=True).print(renderable)
    return "".join(line.rstrip() + "\n" for line in file.getvalue().splitlines())


def plain_table(*headings: str) -> Table:
    """Make a table without lines, which can be pasted anywhere.

    Args:
        headings: One per column; a leading `>` aligns the column to the right.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in headings:
        table.add_column(
            heading.lstrip(">"),
            justify="right" if heading.startswith(">") else "left",
            no_wrap=heading != headings[-1],
            overflow="fold",
        )
    return table


def facts_table(facts: Mapping[str, str]) -> Table:
    """Make a table of names and values, one per line."""
    table = plain_table("", " ")
    table.show_header = False
    for name, value in facts.items():
        table.add_row(name, value)
    return table


@contextmanager
def progress_bar(
    description: str, *, hidden: bool = False
) -> Generator[Callable[[int, int], None], None, None]:
    """Show a progress bar on stderr if that is a terminal.

    Yields:
        A function to call with the number of items that are done and the number of all.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # With redirect_stdout, rows that are printed to a piped stdout would go to the bar's console.
    with Progress(
        *columns,
        console=console,
        disable=hidden or not console.is_terminal,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
