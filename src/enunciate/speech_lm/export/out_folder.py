"""The folder that an export writes: there when it is whole, and not before."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from enunciate.errors import OutputError


@contextmanager
def new_folder(out: Path) -> Generator[Path, None, None]:
    """Give a folder beside `out` to write to, and rename it at the end; after an error it is removed.

    Raises:
        OutputError: `out` has files, or is one.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} is there already: give a new folder")
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if out.is_dir():
            out.rmdir()
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
