"""Arguments and options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class AccentChoice(StrEnum):
    """As `schema.Accent`."""

    US = "us"
    GB = "gb"
    ANY = "any"


AccentOption = Annotated[
    AccentChoice, typer.Option(help="Which pronunciations are right: American, British, or both.")
]
ModelOption = Annotated[
    str,
    typer.Option(
        help="'pocket'; a folder that `enunciate train` wrote; or 'microsoft/Phi-4-multimodal-instruct', "
        "without an adapter. Phi-4 and its adapters need: pip install 'enunciate[llm]'."
    ),
]
EvaluatedCorpusOption = Annotated[
    Path,
    typer.Option(
        envvar="ENUNCIATE_CORPUS", help="Corpus that the systems were evaluated on, or the table of labels."
    ),
]
EvaluationFolder = Annotated[
    Path, typer.Argument(help="Folder that `enunciate evaluate` wrote.", show_default=False)
]
