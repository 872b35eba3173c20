"""API keys, of which the service knows only the SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path

from starlette.requests import Request

from enunciate.errors import ServiceError
from enunciate.serve.http.problems import ProblemError
from enunciate.serve.http.service import Service

ENVIRONMENT = "ENUNCIATE_KEY_HASHES"
"""Hashes with spaces or commas between, in place of or besides those of a file."""
_HASH = re.compile(r"[0-9a-f]{64}")


def hash_of(key: str) -> str:
    """The SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_hashes(path: Path | None, environment: str = "") -> frozenset[str]:
    """The hashes of a file (one a line; what follows on a line is a note) and of the environment.

    Raises:
        ServiceError: the file cannot be read, or something is no hash; the message does not repeat it.
    """
    hashes: set[str] = set()
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path else []
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceError(f"the file of keys {path} cannot be read ({error})") from None
    named = [(f"{path}, line {number}", line.split()) for number, line in enumerate(lines, start=1)]
    named += [(ENVIRONMENT, [word]) for word in re.split(r"[\s,]+", environment) if word]
    for where, words in named:
        if not words or words[0].startswith("#"):
            continue
        if not _HASH.fullmatch(words[0].lower()):
            raise ServiceError(
                f"{where}: not a SHA-256 in hexadecimal, as printf %s KEY | sha256sum gives it"
            )
        hashes.add(words[0].lower())
    if path and not hashes:
        raise ServiceError(f"the file of keys {path} has no keys")
    return frozenset(hashes)


def key_of(request: Request) -> str | None:
    """The key that came with a request, in any of the three headers that clients use for it."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    return bearer or request.headers.get("x-api-key") or request.headers.get("ocp-apim-subscription-key")


def valid(key: str, hashes: frozenset[str]) -> bool:
    """Whether a key is one of those; takes as long whichever it is."""
    hashed = hash_of(key).encode()
    return any([hmac.compare_digest(hashed, known.encode()) for known in hashes])  # noqa: C419


async def require_key(request: Request) -> None:
    """Let nobody in without a key, where keys are asked for.

    Raises:
        ProblemError: there is none, or it is not valid.
    """
    service: Service = request.app.state.service
    hashes, key = service.settings.key_hashes, key_of(request)
    if hashes and (key is None or not valid(key, hashes)):
        raise ProblemError(
            401,
            "unauthorized",
            "send a valid key, as Authorization: Bearer KEY or as X-API-Key",
            headers={"WWW-Authenticate": "Bearer"},
        )
