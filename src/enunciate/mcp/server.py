"""The tools of the server; an assistant reads their descriptions and the docstrings of what they return."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

import enunciate
from enunciate.engines import Assessor
from enunciate.errors import EnunciateError
from enunciate.mcp.summaries import (
    AssessmentSummary,
    RecordingComparison,
    TokenSummary,
    compare,
    summarise,
    summarise_text,
)
from enunciate.phones import Lexicon
from enunciate.reading.description import describe_text
from enunciate.schema import Assessment, Utterance

INSTRUCTIONS = (
    "Measures how well English was pronounced in a recording. Scores run from 0 to 10, sounds are in IPA. "
    "Base advice on the words and sounds that the results cite, pass on their warnings, and do not guess "
    "about what was not measured."
)


def create_server(assessor: Assessor) -> MCPServer:
    """Create the server.

    Args:
        assessor: The engine that listens.
    """
    server = MCPServer("enunciate", version=enunciate.__version__, instructions=INSTRUCTIONS)

    def assess(path: str, text: str | None) -> Assessment:
        with _errors_for_the_assistant():
            (assessment,) = assessor.assess([Utterance(id=path, audio=Path(path).expanduser(), text=text)])
        return assessment

    @server.tool()
    def assess_file(path: str, text: str | None = None) -> AssessmentSummary:
        """Assess the pronunciation in a recording on this machine.

        Args:
            path: An audio file: WAV, FLAC, Ogg, Opus, MP3, WebM or M4A.
            text: What was to be read. Without it, scores are less reliable and there are no words.
        """
        return summarise(assess(path, text))

    @server.tool()
    def read_text(text: str) -> list[TokenSummary]:
        """Tell how an English text is read: readings of numbers and signs, and the sounds of each word."""
        with _errors_for_the_assistant():
            return list(summarise_text(describe_text(text, Lexicon.default())))

    @server.tool(name="compare")
    def compare_files(path_a: str, path_b: str, text: str) -> RecordingComparison:
        """Compare two recordings of the same text, such as a first and a second attempt.

        Args:
            path_a: The first audio file.
            path_b: The second one.
            text: What was read in both.
        """
        return compare(assess(path_a, text), assess(path_b, text))

    del assess_file, read_text, compare_files  # the server keeps them; nothing else calls them
    return server


@contextmanager
def _errors_for_the_assistant() -> Generator[None, None, None]:
    """Let an assistant read what is wrong with a recording or a text, and what to do about it."""
    try:
        yield
    except EnunciateError as error:
        raise ToolError(str(error)) from None
