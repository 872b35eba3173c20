"""An assistant gets measured results by the tools, through the official client."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import pytest
from support.paths import ASSETS, EXAMPLES, SOURCE

mcp = pytest.importorskip("mcp", reason="the SDK of the Model Context Protocol is not installed")

TEXT = "I think the weather is nice today."
SPOKEN = str(EXAMPLES / "i_think_the_weather_is_nice.flac")


def call(*calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """The results of tools that a client calls one after another, from a server in a process of its own."""
    command = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "enunciate", "mcp"],
        env=dict(os.environ) | {"PYTHONPATH": str(SOURCE)},
    )

    async def run() -> list[Any]:
        async with mcp.Client(command) as client:
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} == {"assess_file", "read_text", "compare"}
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(run())


@pytest.mark.slow
def test_the_tools_cite_words_and_sounds():
    assessed, compared, read, unread, free = call(
        ("assess_file", {"path": SPOKEN, "text": TEXT}),
        ("compare", {"path_a": SPOKEN, "path_b": SPOKEN, "text": TEXT}),
        ("read_text", {"text": "I paid $3.50"}),
        ("assess_file", {"path": "/nowhere.wav", "text": TEXT}),
        ("assess_file", {"path": str(ASSETS / "correct.flac")}),
    )
    nice = assessed.structured_content["words"][5]
    assert (nice["word"], nice["error"]) == ("nice", "mispronunciation")
    assert (nice["errors"][0]["expected"], nice["errors"][0]["heard"]) == ("n", "l")
    assert compared.structured_content["words"] == []
    money = read.structured_content["result"][2]
    assert money["text"] == "$3.50" and "dollars" in money["readings"][0]
    assert unread.is_error and "no such file" in unread.content[0].text
    assert free.structured_content["sounds_heard"] and not free.structured_content["words"]
