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


class WeightsChoice(StrEnum):
    """As `options.WeightFormat`."""

    FULL = "full"
    INT8 = "int8"
    INT4 = "int4"


AccentOption = Annotated[
    AccentChoice, typer.Option(help="Which pronunciations are right: American, British, or both.")
]
ModelOption = Annotated[
    str,
    typer.Option(
        help="'pocket'; 'whisper', a small speech language model on a Whisper base that you have; 'both', "
        "the means of their scores, with all else from pocket; a folder that `enunciate train` wrote; "
        "'microsoft/Phi-4-multimodal-instruct', without an adapter; or 'openai:MODEL', of a server of "
        "OpenAI's protocol. whisper and both need: pip install 'enunciate[whisper]'; Phi-4 and its adapters "
        "need 'enunciate[llm]'; openai: needs 'enunciate[openai]'."
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(
        envvar="OPENAI_BASE_URL",
        help="With --model openai:MODEL: where its server is, such as http://localhost:8000/v1. The key is "
        "in OPENAI_API_KEY.",
        show_default=False,
    ),
]
ServedAdapterOption = Annotated[
    Path | None,
    typer.Option(
        help="With --model openai:MODEL: the folder of the adapter that the server runs under this name. "
        "Without it, the model is asked as one that was not trained for this.",
        show_default=False,
    ),
]
WeightsOption = Annotated[
    WeightsChoice,
    typer.Option(
        help="int8 rounds the weights of Phi-4, of adapters, and of other models that torch runs to 8 bits, "
        "and int4, on an NVIDIA GPU, to 4: less memory, other scores by a little. "
        "They need: pip install 'enunciate[int8]'."
    ),
]
CompileLayersOption = Annotated[
    bool,
    typer.Option(
        "--compile-layers",
        help="Compile the layers of Phi-4, of adapters, and of other models that torch runs on an NVIDIA "
        "GPU: faster answers, but the first, and the first of a batch, take up to half a minute.",
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
