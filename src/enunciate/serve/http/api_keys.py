"""API keys, of which the service knows only the SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request

from enunciate.errors import ServiceError
from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.http.service import Service

ENVIRONMENT = "ENUNCIATE_KEY_HASHES"
"""Environment variable with hashes, separated by spaces or commas, in addition to those of a file."""
_HASH = re.compile(r"[0-9a-f]{64}")


def hash_of(key: str) -> str:
    """Return the SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_hashes(path: Path | None, environment: str = "") -> frozenset[str]:
    """Read the hashes of a file and of the environment.

    Args:
        path: a file with one hash per line; the rest of a line, and lines that begin with `#`, are comments.
        environment: the value of the environment variable.

    Raises:
        ServiceError: the file cannot be read, or an entry is not a hash; the message does not repeat it.
    """
    hashes: set[str] = set()
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path else []
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceError(f"the file of keys {path} cannot be read ({error})") from None
    entries = [(f"{path}, line {number}", line.split()) for number, line in enumerate(lines, start=1)]
    entries += [(ENVIRONMENT, [word]) for word in re.split(r"[\s,]+", environment) if word]
    for where, words in entries:
        if not words or words[0].startswith("#"):
            continue
        if not _HASH.fullmatch(words[0].lower()):
            raise ServiceError(
                f"{where}: not a SHA-256 in hexadecimal; printf %s KEY | sha256sum prints that of a key"
            )
        hashes.add(words[0].lower())
    if path and not hashes:
        raise ServiceError(f"the file of keys {path} has no keys")
    return frozenset(hashes)


def key_of(headers: Headers) -> str | None:
    """Return the key of a request, from any of the three headers that clients use for it."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    return bearer or headers.get("x-api-key") or headers.get("ocp-apim-subscription-key")


def is_valid(key: str, hashes: frozenset[str]) -> bool:
    """Return whether a key has one of the hashes, in a time that does not depend on which."""
    hashed = hash_of(key).encode()
    return any([hmac.compare_digest(hashed, known.encode()) for known in hashes])  # noqa: C419


async def require_key(request: Request) -> None:
    """Refuse a request without a valid key, if the service has keys.

    Raises:
        ProblemError: the key is missing or not valid.
    """
    service: Service = request.app.state.service
    hashes, key = service.settings.key_hashes, key_of(request.headers)
    if hashes and (key is None or not is_valid(key, hashes)):
        raise ProblemError(
            401,
            "unauthorized",
            "send a valid key, as Authorization: Bearer KEY or as X-API-Key: KEY",
            headers={"WWW-Authenticate": "Bearer"},
        )
