"""Reading the answers of a model that was never taught the form: what it meant, where that is plain.

The untouched model chats: it wraps its JSON in a sentence or a code block, adds keys, writes "8" or 8.0 for
8, and phones of other alphabets. `targets.parse` refuses all that, as it should of a trained model. Here the
first JSON object that can be read as an answer counts; what is no phone of ours becomes `<unk>`. Nothing is
guessed: a score that is missing, out of range or not whole is no answer.
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
_MOST_OBJECTS = 20
"""A text of nothing but braces must not cost the square of its length."""


def parse_leniently(task: Task, text: str) -> Answer | Unparsable:
    """Read an answer out of a text; this raises nothing, whatever the text is.

    >>> parse_leniently("apa", 'Sure! {"accuracy": "8", "fluency": 7.0, "prosodic": 7, "total": 7}')
    ApaAnswer(accuracy=8, fluency=7, prosodic=7, total=7)
    """
    answer = parse(task, text)
    if not isinstance(answer, Unparsable):
        return answer
    for fields in _objects(text):
        known = {key.strip().lower(): value for key, value in fields.items()}
        chosen = {key: _plain(key, known[key]) for key in _KEYS[task] if key in known}
        found = parse(task, json.dumps(chosen))
        if not isinstance(found, Unparsable):
            return found
        answer = Unparsable(text, found.reason)
    return answer


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects that stand in a text."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    for _ in range(_MOST_OBJECTS):
        if start < 0:
            return
        try:
            found, end = decoder.raw_decode(text, start)
            if isinstance(found, dict):
                yield cast("dict[str, Any]", found)
        except (ValueError, RecursionError):
            end = start + 1
        start = text.find("{", end)


def _plain(key: str, value: Any) -> Any:
    """A value in the form that `parse` asks for, where it can be brought to it."""
    if key in ASPECTS:
        return _whole(value)
    if isinstance(value, list):
        value = " ".join(str(item) for item in cast("list[Any]", value))
    if key == "phoneme_transcript" and isinstance(value, str):
        return " ".join(_symbol(token) for token in value.split())
    return value


def _whole(value: Any) -> Any:
    """8.0 and "8" as 8; anything else as it is."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) <= 2:
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _symbol(token: str) -> str:
    if token == UNCLEAR:
        return token
    base = strip_stress(token.strip("/[],.").upper())
    return base if base in HEARD_SYMBOLS else UNCLEAR
