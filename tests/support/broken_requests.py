"""Malformed and hostile bodies, headers and bytes."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Sequence
from typing import Any

DEEP = 100_000
TEXTS: tuple[Any, ...] = (
    "",
    " ",
    "\0",
    "\ud800",
    "\ufeffhello",
    "\u202ehello",
    "héllo wörld",
    "你好",
    "👩‍👩‍👧 hello",
    "-" * 5000,
    "a" * 5000,
    "a" * 20_001,
    "a " * 2500,
    "9" * 4999,
    "9 " * 2499,
    "1,000,000.5 " * 400,
    "1e999",
    "it's " * 900,
    "a{" + "AH " * 1600 + "}",
    "{" * 5000,
    "a{AH}" * 999,
    "a{}",
    "a{AH",
    "a{zz}",
    "}{",
    "hello\r\nSet-Cookie: a=b",
    "../../etc/passwd",
    "%s%n{0}",
)
VALUES: tuple[Any, ...] = (
    *TEXTS,
    None,
    True,
    0,
    -1,
    1.5,
    float("nan"),
    float("inf"),
    10**400,
    [],
    {},
    [[]],
    {"": None},
    ["a"] * 1000,
    {"text": "a", "phones": ["AH"]},
    [{"text": "a", "phones": ["AH"]}] * 500,
    [{"text": "a", "phones": ["AH"] * 50}] * 500,
    [{"text": "a", "phones": ["AH"] * 51}],
    [{"text": "a", "phones": ["<unk>"]}, {"text": "b", "phones": ["AH9", ""]}],
    [{"text": "\ud800", "phones": ["AH"]}],
)


def broken_json(good: dict[str, Any], count: int) -> list[bytes]:
    """Bodies in place of a good one: fixed ones, and the good one with one wrong field."""
    rng = random.Random(1)
    text = json.dumps(good).encode()
    fixed = (
        b"",
        b" ",
        b"nul",
        b"null",
        b"true",
        b"NaN",
        b'"audio"',
        b"1" * 100_000,
        b"-",
        b"1e999999999",
        b"[" * DEEP,
        b"[" * DEEP + b"]" * DEEP,
        b'{"audio":' * DEEP,
        b'{"audio":' * 500 + b"1" + b"}" * 500,
        b"[" * 99 + b"]" * 99,
        b"[" + b"{}," * 30_000 + b"{}]",
        b"[" + b",".join([text] * 33) + b"]",
        b'{"audio":"\xff\xfe"}',
        b'{"audio":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf" + text,
        text.decode().encode("utf-16"),
        text + b"{}",
        text[:-1],
        text.replace(b'"text"', b'"text":"a","text"', 1),
        text.replace(b'"audio": "', b'"audio": "*', 1),
        text.replace(b'"audio": "', b'"audio": "=', 1),
        b"{" + b",".join(b'"a%d":1' % n for n in range(20_000)) + b"}",
        b"/*" + text,
        b"\0" + text,
    )
    chosen = [_with_wrong_field(rng, good) for _ in range(count - len(fixed))]
    return [*fixed, *(json.dumps(body).encode() for body in chosen)]


def _with_wrong_field(rng: random.Random, good: dict[str, Any]) -> Any:
    body = copy.deepcopy(good)
    body[rng.choice((*good, "id", "words", "text", "model", ""))] = rng.choice(VALUES)
    return [body] if rng.random() < 0.1 else body


def broken_options(good: dict[str, Any], count: int) -> list[bytes]:
    """Values of the header `Pronunciation-Assessment`."""
    rng = random.Random(2)
    fixed = (
        b"",
        b"*",
        b"e",
        b"e30=" * 10,
        b"e30-_w",
        b"\xff\xfe",
        b"A" * 60_000,
        b"A" * 200_000,
        base64.b64encode(b"[" * 40_000),
        base64.b64encode(b'{"a":' * 8_000),
        base64.b64encode(b"\xff\xfe\x00"),
        base64.b64encode(b"null"),
        base64.b64encode(b"[1]"),
        base64.b64encode(b"1" * 40_000),
        base64.b64encode(b'{"ReferenceText":"a","referencetext":"b"}'),
        base64.b64encode(b'{"NBestPhonemeCount":1e400}'),
        base64.b64encode(b'{"NBestPhonemeCount":NaN}'),
    )
    names = (*good, "NBestPhonemeCount", "EnableMiscue", "Dimension", "PhonemeAlphabet", "")
    chosen = [good | {rng.choice(names): rng.choice(VALUES)} for _ in range(count - len(fixed))]
    return [*fixed, *(base64.b64encode(json.dumps(options).encode()) for options in chosen)]


def broken_forms(good: bytes, boundary: bytes, count: int) -> list[tuple[bytes, bytes]]:
    """Content types and bodies of forms."""
    rng = random.Random(3)
    usual = b"multipart/form-data; boundary=" + boundary
    part = b"--" + boundary + b'\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    end = b"\r\n--" + boundary + b"--\r\n"
    fixed = [
        (b"multipart/form-data", good),
        (b"multipart/form-data; boundary=", good),
        (b"multipart/form-data; boundary=" + b"b" * 5000, good),
        (b"multipart/form-data; boundary=\xff", good),
        (b'multipart/form-data; boundary="', good),
        (b"multipart/form-data; boundary*=utf-8''%ff", good),
        (b"multipart/mixed; boundary=" + boundary, good),
        (b"application/x-www-form-urlencoded", good),
        (b";;;;", good),
        (b"\xff", good),
        (usual, b""),
        (usual, good[: len(good) // 2]),
        (usual, good + good),
        (usual, b"--" + boundary + b"--\r\n"),
        (usual, part + b"a" + (b"\r\n" + part + b"a") * 300 + end),
        (usual, part * 3 + end),
        (usual, b"--" + boundary + b"\r\n" + b"A: b\r\n" * 5000 + b"\r\n" + end),
        (usual, b"--" + boundary + b"\r\nA: " + b"b" * 300_000 + b"\r\n\r\n" + end),
        (usual, b"--" + boundary + b"\r\nContent-Disposition: form-data; name*=utf-8''%ff%00\r\n\r\na" + end),
        (
            usual,
            b"--"
            + boundary
            + b"\r\nContent-Disposition: form-data; name="
            + b'"' * 5000
            + b"\r\n\r\na"
            + end,
        ),
        (usual, b"--" + boundary + b"\r\n\r\na" + end),
        (usual, part + b"\xff\xfe" + b"\r\n" + good),
        (usual, part + b"\xed\xa0\x80" + b"\r\n" + good),
        *(
            (usual, part.replace(b'"text"', b'"words"') + json.dumps(v).encode() + b"\r\n" + good)
            for v in VALUES
        ),
    ]
    return fixed + [(usual, _damaged(rng, good, len(good))) for _ in range(count - len(fixed))]


def _damaged(rng: random.Random, data: bytes, within: int) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 3, 20))):
        at = rng.randrange(min(within, len(changed)))
        how = rng.randrange(3)
        if how == 0:
            changed[at] = rng.randrange(256)
        elif how == 1:
            del changed[at : at + rng.randrange(20)]
        else:
            changed[at:at] = rng.choice((b"\r\n", b"\0", b"\xff", b":", b" ", b"--", b'"', b"\r\n\r\n", b"0"))
    return bytes(changed)


def broken_http(good: bytes, count: int) -> list[bytes]:
    """Bytes that arrive at the port; `good` is a whole request."""
    rng = random.Random(4)
    head, _, body = good.partition(b"\r\n\r\n")
    head_without_length = b"\r\n".join(
        line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")
    )

    def with_headers(*lines: bytes, then: bytes = body) -> bytes:
        return b"\r\n".join((head_without_length, *lines)) + b"\r\n\r\n" + then

    chunked = b"Transfer-Encoding: chunked"
    length = b"Content-Length: %d" % len(body)
    whole_chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    fixed = [
        b"\r\n" * 1000,
        bytes(10_000),
        b"\xff" * 100_000,
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /?" + b"a=b&" * 12_000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A" * 100_000 + b": b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA\0: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: \x01\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-,0-,0-,0-,5-2,-1\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: \xff\r\nConnection: close\r\n\r\n",
        *(
            b"%b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % line
            for line in (
                b"CONNECT a:1",
                b"TRACE /",
                b"OPTIONS *",
                b"get /",
                b"FROB /",
                b"HEAD /v1/assessments",
                b"DELETE /v1/assessments",
                b"GET http://other/",
                b"GET //etc/passwd",
                b"GET /../../../../etc/passwd",
                b"GET /static/..%2f..%2f..%2fapp.py",
                b"GET /static/%2e%2e/app.py",
                b"GET /%00",
                b"GET /%ff%fe",
                b"GET /%zz",
                b"GET /static/" + b"a/" * 5000,
                b"GET /static/" + b"a" * 5000,
                b"POST /v1/assessments:batch",
                b"POST /v1/assessments/",
            )
        ),
        with_headers(b"Content-Length: -1"),
        with_headers(b"Content-Length: +5"),
        with_headers(b"Content-Length: 5.0"),
        with_headers(b"Content-Length: " + b"9" * 5000),
        with_headers(b"Content-Length: 99999999999999999999"),
        with_headers(b"Content-Length: \xb2"),
        with_headers(b"Content-Length: 5, 5"),
        with_headers(length, b"Content-Length: 3"),
        with_headers(length, chunked),
        with_headers(b"Content-Length: %d" % (len(body) + 1000)),
        with_headers(b"Content-Length: %d" % (len(body) - 1000)),
        with_headers(length, b"Expect: 100-continue"),
        with_headers(length, b"Expect: miracles"),
        with_headers(length, b"Content-Encoding: gzip"),
        with_headers(b"Transfer-Encoding: gzip, chunked", then=whole_chunk),
        with_headers(b"Transfer-Encoding: identity"),
        with_headers(b"Transfer-Encoding: xchunked", then=whole_chunk),
        with_headers(chunked, then=whole_chunk),
        with_headers(chunked, then=b"zz\r\n" + whole_chunk),
        with_headers(chunked, then=b"-5\r\n" + whole_chunk),
        with_headers(chunked, then=b"f" * 30 + b"\r\n" + whole_chunk),
        with_headers(chunked, then=b"5;" + b"a=b;" * 50_000 + b"\r\nhello\r\n0\r\n\r\n"),
        with_headers(chunked, then=b"5\r\nhello, and more than was said\r\n0\r\n\r\n"),
        with_headers(chunked, then=b"1\r\na\r\n" * 20_000 + b"0\r\n\r\n"),
        with_headers(chunked, then=whole_chunk[:-2] + b"Trailer: a\r\n" * 10_000 + b"\r\n"),
        with_headers(chunked, then=whole_chunk[:-5]),
        with_headers(then=body),
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 200,
        good * 3,
    ]
    return fixed + [_damaged(rng, good, len(head) + 400) for _ in range(count - len(fixed))]


def slow_pieces(data: bytes, count: int) -> Sequence[bytes]:
    """A request in pieces, as a slow connection delivers it."""
    size = max(1, len(data) // count)
    return [data[at : at + size] for at in range(0, len(data), size)]
