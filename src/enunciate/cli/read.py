"""`enunciate read`: how a text would be read, as a table or JSON."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from enunciate.cli.exit_codes import exit_on_error

if TYPE_CHECKING:
    from rich.console import RenderableType

    from enunciate.reading.description import DescribedToken, TextDescription

SHOWN_READINGS = 4
"""The maximum number of readings of a token in a table; JSON has all."""


class ReadFormat(StrEnum):
    """How the description of a text is written."""

    TABLE = "table"
    JSON = "json"


def read(
    text: Annotated[str, typer.Argument(help="The text, as for 'enunciate assess --text'.")],
    format: Annotated[
        ReadFormat,
        typer.Option(help="table: for reading. json: all readings and pronunciations, with syllables."),
    ] = ReadFormat.TABLE,
    lexicon: Annotated[
        Path | None, typer.Option(help="Your own pronunciations, one per line: 'WORD PH1 PH2 ...'.")
    ] = None,
) -> None:
    """Show how a text would be read: its words, the readings of numbers and signs, and the sounds.

    Exit code 2 if the text cannot be read.
    """
    with exit_on_error(on_interrupt="nothing was kept"):
        from enunciate.phones import Lexicon
        from enunciate.reading.description import describe_text

        description = describe_text(text, Lexicon.default(lexicon))
    if format is ReadFormat.JSON:
        typer.echo(description.model_dump_json(indent=2))
        return
    from enunciate.cli.terminal import show

    show(reading_table(description))


def reading_table(description: TextDescription) -> RenderableType:
    """Render one line per token: as typed, as read, its sounds in IPA and ARPAbet, and what reads it."""
    from rich.console import Group
    from rich.text import Text

    from enunciate.cli.terminal import plain_table

    table = plain_table("text", "read as", "IPA", "ARPAbet", "rule")
    for column in table.columns:
        column.no_wrap = False
    for token in description.tokens:
        first = token.pronunciations[0]
        kind = "guess" if first.guessed else "" if token.kind == "word" else token.kind
        table.add_row(token.text, _readings(token), first.ipa, first.phones, kind)
    ignored = " ".join(item.text for item in description.ignored)
    return Group(table, Text(f"ignored: {ignored}", style="dim")) if ignored else table


def _readings(token: DescribedToken) -> str:
    more = len(token.readings) - SHOWN_READINGS
    shown = " | ".join(token.readings[:SHOWN_READINGS])
    return f"{shown} | {more} more" if more > 0 else shown
