"""Lenient parsing, for a model that was never trained to answer in our format.

An untrained model chats: it wraps its JSON in a sentence or a code block, adds keys, writes "8" or 8.0 for 8,
and uses other phone sets. `targets.parse` rejects all that, as it should for a trained model. Here the first
JSON object that can be read as an answer counts, and symbols outside our phone set become `<unk>`. Nothing is
guessed: an answer with a score that is missing, out of range or not whole is rejected.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from enunciate.corpus.labels import HEARD_SYMBOLS
from enunciate.phones import strip_stress
from enunciate.phones.inventory import UNCLEAR
from enunciate.schema import ASPECTS
from enunciate.speech_lm.options import Task
from enunciate.speech_lm.targets import Answer, Unparsable, parse

_KEYS: dict[Task, tuple[str, ...]] = {"apa": ASPECTS, "mdd": ("word_transcript", "phoneme_transcript")}
_MAX_OBJECTS = 20
"""Bounds the time for a text that consists of braces, which would otherwise be quadratic in its length."""


def parse_leniently(task: Task, text: str) -> Answer | Unparsable:
    """Find an answer in a text; never raises, whatever the text is.

    >>> parse_leniently("apa", 'Sure! {"accuracy": "8", "fluency": 7.0, "prosodic": 7, "total": 7}')
    ApaAnswer(accuracy=8, fluency=7, prosodic=7, total=7)
    """
    answer = parse(task, text)
    if not isinstance(answer, Unparsable):
        return answer
    for fields in _objects(text):
        known = {key.strip().lower(): value for key, value in fields.items()}
        chosen = {key: _plain(key, known[key]) for key in _KEYS[task] if key in known}
        parsed = parse(task, json.dumps(chosen))
        if not isinstance(parsed, Unparsable):
            return parsed
        answer = Unparsable(text, parsed.reason)
    return answer


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in a text, in order."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    for _ in range(_MAX_OBJECTS):
        if start < 0:
            return
        try:
            value, end = decoder.raw_decode(text, start)
            if isinstance(value, dict):
                yield cast("dict[str, Any]", value)
        except (ValueError, RecursionError):
            end = start + 1
        start = text.find("{", end)


def _plain(key: str, value: Any) -> Any:
    """Convert a value to the form that `parse` expects, where possible."""
    if key in ASPECTS:
        return _whole(value)
    if isinstance(value, list):
        value = " ".join(str(item) for item in cast("list[Any]", value))
    if key == "phoneme_transcript" and isinstance(value, str):
        return " ".join(_symbol(token) for token in value.split())
    return value


def _whole(value: Any) -> Any:
    """Return 8 for 8.0 and "8", and anything else unchanged."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) <= 2:
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _symbol(token: str) -> str:
    if token == UNCLEAR:
        return token
    base = strip_stress(token.strip("/[],.").upper())
    return base if base in HEARD_SYMBOLS else UNCLEAR
