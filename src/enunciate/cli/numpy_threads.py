"""How many threads NumPy computes with in a command that assesses clips one after the other."""

from __future__ import annotations

import os

VARIABLE = "OPENBLAS_NUM_THREADS"


def one_numpy_thread() -> None:
    """Let NumPy use one thread unless the user has set another number; to be called before it is imported.

    The matrices of a clip are small: with a thread per core, the threads wait for one another, and a clip
    costs twice the processor time.
    """
    os.environ.setdefault(VARIABLE, "1")
