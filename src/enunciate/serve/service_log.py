"""The log of the service: records that hold nothing of what a learner said or was to read."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager

LOGGER = logging.getLogger("enunciate.serve")


@contextmanager
def logging_to_stderr() -> Generator[None, None, None]:
    """Write the records of the service to standard error, one per line and without a prefix.

    An application that embeds the service leaves this out, and the records reach its own handlers.
    """
    handler = logging.StreamHandler(sys.stderr)
    level, propagate = LOGGER.level, LOGGER.propagate
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)
        LOGGER.propagate = propagate


def log_bug(error: BaseException) -> None:
    """Log the type of an unexpected exception and where it was raised.

    Its message is left out, because it could quote the reference text.
    """
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    LOGGER.error("bug: %s at %s", type(error).__name__, " < ".join(reversed(places)))
