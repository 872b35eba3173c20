"""Addresses of e-mail and of the web, and the names that start with a sign."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import joined
from enunciate.reading.letters import part_readings, spelt
from enunciate.reading.rule import Found, Rule

_SIGNS = {
    ".": ["dot", "point"], "@": ["at"], "_": ["underscore"], "-": ["dash", "hyphen"], "/": ["slash"],
    "+": ["plus"], ":": ["colon"], "?": ["question mark"], "=": ["equals"], "&": ["and", "ampersand"],
    "%": ["percent"], "#": ["hash"], "~": ["tilde"],
}  # fmt: skip
_PIECE = re.compile(r"[A-Za-z]+|[0-9]+|[.@_\-/+:?=&%#~]")
_WHOLE = {
    "www": ["W W W", "triple W"], "org": ["org", "O R G"], "edu": ["edu", "E D U"], "net": ["net"],
    "docx": ["doc X", "D O C X"], "png": ["P N G", "ping"], "jpeg": ["jay peg", "J P E G"],
    "jpg": ["J P G", "jay peg"], "py": ["P Y", "pie"], "json": ["jay son"],
    "mrs": ["missus"], "mr": ["mister"], "dr": ["doctor"], "ms": ["ms"],
}  # fmt: skip
_CASED = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[._]")
_TOP = "com|org|net|edu|gov|io|co|uk|us|de|fr|info|biz|me|tv|app|dev|ai|ca|au|in|jp|eu|be(?=/)"
_FILE = (
    "txt|pdf|docx?|xlsx?|pptx?|jpe?g|png|gif|svg|mp[34]|wav|mov|csv|html?|css|zip|exe|py|js|md|json|xml|ya?ml|"
    "sql|log"
)


def _piece(piece: str, found: Found) -> list[str]:
    if piece in _SIGNS:
        return _SIGNS[piece]
    known = _WHOLE.get(piece.lower()) or part_readings(piece, found)
    return [*known, spelt(piece)] if len(piece) <= 3 and piece.isalpha() else known


def _address(found: Found) -> list[str]:
    bare = re.sub(r"^https?://", "", found.text, flags=re.IGNORECASE).rstrip("/")
    without = joined(*[_piece(piece, found) for piece in _PIECE.findall(bare)])
    if bare != found.text.rstrip("/"):
        protocol = found.text[: found.text.index(":")]
        return [*without[:12], *joined(spelt(protocol), "colon slash slash", without)[:12]]
    return without


def _name(found: Found) -> list[str]:
    sign = {"@": ["at", ""], "#": ["hashtag", ""]}[found["sign"]]
    pieces = [
        [*_SIGNS[piece], ""] if piece == "_" else _piece(piece, found)
        for piece in _CASED.findall(found["name"])
    ]
    return joined(sign, *pieces)


_PATH = r"(?:/[\w.\-/?=&%#~+]{0,99})?(?<![.\-?])"
_HOST = r"[A-Za-z0-9][A-Za-z0-9-]{0,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}"
RULES = (
    Rule(
        "e-mail address",
        re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"),
        _address,
        "Write to ann_lee@mail.com.",
        "write to ann underscore lee at mail dot com",
    ),
    Rule(
        "web address",
        re.compile(rf"(?:https?://|www\.){_HOST}{_PATH}|{_HOST}\.(?:{_TOP}){_PATH}(?!\w)", re.IGNORECASE),
        _address,
        "Visit www.example.com.",
        "visit W W W dot example dot com",
    ),
    Rule(
        "file",
        re.compile(rf"[A-Za-z0-9][\w-]{{0,63}}\.(?:{_FILE})(?!\w)", re.IGNORECASE),
        _address,
        "Open notes.txt.",
        "open notes dot T X T",
    ),
    Rule(
        "name with a sign",
        re.compile(r"(?P<sign>[@#])(?P<name>[A-Za-z_]\w*(?:\.[a-z]\w*)*)"),
        _name,
        "Use #HappyDays today.",
        "use hashtag happy days today",
    ),
)
