"""Rows of Parquet files, such as those of data sets on the Hugging Face Hub.

A column `audio` of such a data set holds the encoded bytes of each clip and the name of its file, which is
what `datasets` calls `Audio(decode=False)`. Needs: pip install 'enunciate[parquet]'.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from enunciate.errors import ManifestError, needing

PARQUET_SUFFIX = ".parquet"
ROWS_AT_ONCE = 256


def parquet_rows(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the rows of files, one after the other.

    Raises:
        ManifestError: A file is not Parquet.
        MissingExtraError: pyarrow is not installed.
    """
    with needing("parquet"):
        pa: Any = import_module("pyarrow")  # it has no types
        pq: Any = import_module("pyarrow.parquet")

    for path in paths:
        try:
            with pq.ParquetFile(path) as table:
                for batch in table.iter_batches(batch_size=ROWS_AT_ONCE):
                    yield from batch.to_pylist()
        except (OSError, pa.ArrowInvalid) as error:
            raise ManifestError(f"{path} cannot be read as Parquet ({error})") from None
