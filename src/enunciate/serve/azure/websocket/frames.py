"""The messages of the protocol: header lines and a body, in a text or a binary message of the websocket.

A text message has its headers, an empty line and a body in JSON. A binary message begins with the length of
its headers in two bytes, big-endian, and has no empty line; its body is audio.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_END = "\r\n\r\n"


class FrameError(ValueError):
    """A message does not have the form of the protocol."""


@dataclass(frozen=True)
class ClientMessage:
    """A message of a client."""

    path: str
    """The kind of message, in lower case."""
    request_id: str
    """The turn that it belongs to; empty if it has none."""
    content_type: str
    """The type of the body without parameters, in lower case; empty if none is given."""
    body: bytes


def parse_text(text: str) -> ClientMessage:
    """Parse a text message.

    Raises:
        FrameError: it has no headers, or none that says what it is.
    """
    headers, end, body = text.partition(_END)
    if not end:
        raise FrameError("a text message has no empty line between its headers and its body")
    return _message(headers, body.encode())


def parse_binary(data: bytes) -> ClientMessage:
    """Parse a binary message.

    Raises:
        FrameError: it is shorter than its headers, or they are no text.
    """
    start = 2 + int.from_bytes(data[:2], "big")
    if len(data) < start or len(data) < 2:
        raise FrameError("a binary message is shorter than its first two bytes say that its headers are")
    try:
        headers = data[2:start].decode()
    except UnicodeDecodeError:
        raise FrameError("the headers of a binary message are not UTF-8") from None
    return _message(headers, data[start:])


def _message(headers: str, body: bytes) -> ClientMessage:
    values: dict[str, str] = {}
    for line in headers.split("\r\n"):
        name, _, value = line.partition(":")
        values[name.strip().lower()] = value.strip()
    if not values.get("path"):
        raise FrameError("a message has no header Path")
    return ClientMessage(
        path=values["path"].lower(),
        request_id=values.get("x-requestid", ""),
        content_type=values.get("content-type", "").partition(";")[0].strip().lower(),
        body=body,
    )


def encode(path: str, request_id: str, body: Mapping[str, Any] | bytes) -> str:
    """Return a message of the server as text.

    Args:
        path: What kind of message it is.
        request_id: The turn.
        body: The fields of a JSON object, or the object already encoded.
    """
    encoded = body.decode() if isinstance(body, bytes) else json.dumps(body)
    headers = (f"X-RequestId:{request_id}", "Content-Type:application/json; charset=utf-8", f"Path:{path}")
    return "\r\n".join(headers) + _END + encoded
