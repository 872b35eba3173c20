"""Quiet loading of models with the Hugging Face libraries."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager

from transformers.utils import logging as transformers_logging

_TOLD_AT_IMPORT = ("torchao", "torch.utils._pytree")
"""Loggers that tell of kernels for other machines when transformers imports torchao, if it is there."""


@contextmanager
def quiet_loading() -> Generator[None, None, None]:
    """Silence messages of the libraries that a user cannot act on while a model is loaded.

    Progress bars stay on a terminal, because a large checkpoint takes a while.
    """
    hub = transformers_logging
    verbosity, bars = hub.get_verbosity(), hub.is_progress_bar_enabled()
    hub.set_verbosity_error()  # pyright: ignore[reportUnknownMemberType]
    if not sys.stderr.isatty():
        hub.disable_progress_bar()
    levels = {name: logging.getLogger(name).level for name in _TOLD_AT_IMPORT}
    for name in levels:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        hub.set_verbosity(verbosity)
        if bars:
            hub.enable_progress_bar()
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
