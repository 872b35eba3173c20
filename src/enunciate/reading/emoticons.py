"""Faces and hearts typed with signs: not read aloud, but for a heart between words."""

from __future__ import annotations

import re

from enunciate.reading.rule import Found, Rule

_NO_OPERAND_BEFORE = r"(?<![0-9)] )(?<!(?<!\w)[a-hj-z] )"
_END = r"(?=\s*(?:$|[.!?,;:\"')]))"
SILENT = re.compile(
    rf"(?<!\S)[:;=]['o^]?-?[()\[\]DPpOo|/\\*3]+(?!\w)|(?<!\S)[xX]D+{_END}|(?<!\S)\^_?\^|{_NO_OPERAND_BEFORE}</?3+{_END}"
)
"""A face, or a heart at the end of a sentence, which people do not read aloud."""


def _heart(found: Found) -> list[str]:
    return ["love", "heart", "less than three"] if found.before[-1:].isspace() else []


RULES = (
    Rule(
        "heart",
        re.compile(rf"{_NO_OPERAND_BEFORE}<3+(?=\s\w)"),
        _heart,
        "I <3 my dog.",
        "i love my dog",
    ),
)
