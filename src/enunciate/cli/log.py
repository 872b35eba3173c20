"""Logging of the command line: the loggers below `enunciate`, to stderr."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to `sys.stderr` as it is at that moment, as tests and notebooks replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def configure_logging(level: int) -> None:
    """Send the package's log records of at least this level to stderr."""
    logger = logging.getLogger("enunciate")
    for handler in [one for one in logger.handlers if isinstance(one, _StderrHandler)]:
        logger.removeHandler(handler)
    handler = _StderrHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger.addHandler(handler)
    logger.setLevel(level)


def log_training() -> None:
    """Show the log of training without --verbose too, because it takes minutes to days."""
    if not logging.getLogger("enunciate").isEnabledFor(logging.INFO):
        configure_logging(logging.INFO)
