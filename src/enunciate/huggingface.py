"""Quiet loading of models with the Hugging Face libraries."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager

from transformers.utils import logging


@contextmanager
def quiet_loading() -> Generator[None, None, None]:
    """Silence messages of transformers that a user cannot act on while a model is loaded.

    Progress bars stay on a terminal, because a large checkpoint takes a while.
    """
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # pyright: ignore[reportUnknownMemberType]
    if not sys.stderr.isatty():
        logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
