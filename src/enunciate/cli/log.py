"""Logging of the command line: the loggers below `enunciate`, to stderr."""

from __future__ import annotations

import logging

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _StderrHandler(logging.StreamHandler):  # pyright: ignore[reportMissingTypeArgument]
    """The handler that `configure_logging` installs, and replaces when it is called again."""


def configure_logging(level: int) -> None:
    """Send the package's log records of at least this level to stderr."""
    logger = logging.getLogger("enunciate")
    for handler in [one for one in logger.handlers if isinstance(one, _StderrHandler)]:
        logger.removeHandler(handler)
    handler = _StderrHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger.addHandler(handler)
    logger.setLevel(level)
