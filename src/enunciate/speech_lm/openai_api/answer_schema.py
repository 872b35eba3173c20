"""The JSON schemas of the answers, as a server that constrains its answers takes them."""

from __future__ import annotations

from typing import Any

from enunciate.schema import ASPECTS
from enunciate.speech_lm.options import Task
from enunciate.speech_lm.targets import SCORES

_SCORE = {"type": "integer", "enum": list(SCORES)}
_PROPERTIES: dict[Task, dict[str, Any]] = {
    "apa": dict.fromkeys(ASPECTS, _SCORE),
    "mdd": {"word_transcript": {"type": "string"}, "phoneme_transcript": {"type": "string"}},
}
_NAMES: dict[Task, str] = {"apa": "pronunciation_scores", "mdd": "pronunciation_transcripts"}


def response_format(task: Task) -> dict[str, Any]:
    """Return the `response_format` of a request: the keys of the task in their order, and no others."""
    properties = _PROPERTIES[task]
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": _NAMES[task], "strict": True, "schema": schema}}
