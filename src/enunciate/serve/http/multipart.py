"""Multipart forms, parsed in memory: Starlette's own parser writes large files to disk."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from enunciate.serve.http.problem_details import ProblemError

MAX_PARTS = 200
logging.getLogger("python_multipart").setLevel(logging.ERROR)
"""Its warnings about untrusted input would let a client fill the log."""


@dataclass
class FormPart:
    """One field of a form, or one file."""

    name: str = ""
    content: bytearray = field(default_factory=bytearray)


class _PartCollector:
    """Collects parts from the parser's callbacks, without looking at the names of files."""

    def __init__(self) -> None:
        self.parts: list[FormPart] = []
        self._header, self._value = bytearray(), bytearray()
        self._part = FormPart()

    def on_part_begin(self) -> None:
        if len(self.parts) >= MAX_PARTS:
            raise ProblemError(413, "body_too_large", f"the form has more than {MAX_PARTS} parts")
        self._part = FormPart()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
        self._header, self._value = bytearray(), bytearray()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._part.content += data[start:end]

    def on_part_end(self) -> None:
        self.parts.append(self._part)


def parse_form(content_type: str, body: bytes) -> list[FormPart]:
    """Return the parts of a form, in order.

    Raises:
        ProblemError: the form is malformed, incomplete, or has too many parts.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise ProblemError(400, "malformed", "the multipart form has no boundary in its Content-Type")
    collector = _PartCollector()
    ended: list[bool] = []
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": collector.on_part_begin,
                "on_header_field": collector.on_header_field,
                "on_header_value": collector.on_header_value,
                "on_header_end": collector.on_header_end,
                "on_part_data": collector.on_part_data,
                "on_part_end": collector.on_part_end,
                "on_end": lambda: ended.append(True),
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise ProblemError(400, "malformed", "the multipart form cannot be parsed") from None
    if not ended:
        raise ProblemError(400, "malformed", "the multipart form ends before its last boundary")
    return collector.parts
