"""The rows of a list as a dataset of Ray, read by its workers and not by the driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from enunciate.clip_lists import read_clips
from enunciate.clip_lists.given_phones import cell_of_words
from enunciate.distributed.clip_fields import (
    FIELDS,
    Fields,
    ListPlace,
    digest_of,
    fields_of_row,
)
from enunciate.distributed.tar_samples import samples_of_tar, tars
from enunciate.errors import ManifestError
from enunciate.schema import Utterance

READER_CPUS = 0.05
"""Reading a list hardly uses a core, and must find room beside one worker per core."""
ROWS_PER_BLOCK = 1024
"""Rows of a block, where the driver reads the list."""
SAMPLES_AT_ONCE = 64
"""Samples of a tar that are in memory together."""
ROWS_OF_TABLE = ("audio", "text", "id", "phones")


def clip_source(where: str) -> Any:
    """Return a list as a dataset (`ray.data.Dataset`) with the columns of `clip_fields`.

    Args:
        where: A file or folder of Parquet, or of tars of WebDataset, by path; the URL of one Parquet file,
            of a folder of them, or of one tar; any other list by path.

    Raises:
        ManifestError: It is not there, or cannot be read.
    """
    rd: Any = import_module("ray.data")
    place = ListPlace(where)
    if place.suffix not in (".parquet", ".tar") and not (place.is_remote and not place.suffix):
        if place.is_remote:
            raise ManifestError(f"{where}: from a URL, only Parquet and tars are read")
        return rd.from_arrow(_tables([_fields_of_utterance(one) for one in read_clips(Path(where))]))
    if place.suffix == ".tar":
        return rd.from_items([{"tar": tar} for tar in tars(place)]).map_batches(
            _samples_of_tars, batch_format="pyarrow", batch_size=1, num_cpus=READER_CPUS
        )
    if not place.is_remote and not Path(where).exists():
        raise ManifestError(f"there is no file or folder {where}")
    target = where if place.is_remote else str(Path(where).resolve())
    try:
        rows = rd.read_parquet(target, file_extensions=["parquet"], num_cpus=READER_CPUS)
        columns = [name for name in ROWS_OF_TABLE if name in rows.schema().names]
    except (OSError, ValueError) as error:
        raise ManifestError(f"{where} cannot be read as a list ({error})") from None
    if "audio" not in columns:
        raise ManifestError(f"{where} has no column 'audio'")
    fields = partial(_fields_of_table, fields=partial(fields_of_row, folder=place.folder))
    return rows.select_columns(columns).map_batches(fields, batch_format="pyarrow", num_cpus=READER_CPUS)


def _samples_of_tars(tars: Any) -> Iterator[Any]:
    for tar in tars["tar"].to_pylist():
        samples = samples_of_tar(tar)
        while some := list(islice(samples, SAMPLES_AT_ONCE)):
            yield table_of_fields(some)


def _fields_of_table(table: Any, fields: Callable[[Mapping[str, Any]], Fields]) -> Any:
    return table_of_fields([fields(row) for row in table.to_pylist()])


def _tables(rows: list[Fields]) -> list[Any]:
    return [table_of_fields(rows[at : at + ROWS_PER_BLOCK]) for at in range(0, len(rows), ROWS_PER_BLOCK)]


def table_of_fields(rows: list[Fields]) -> Any:
    """Return fields of clips as a table of Arrow, typed even where a column has no value."""
    pa: Any = import_module("pyarrow")
    types = {"content": pa.large_binary()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in FIELDS])
    return pa.Table.from_pylist(rows, schema=schema)


def not_done(source: Any, done: Any, rows_per_task: int) -> Any:
    """Return the clips of a source that have no result yet, in blocks of `rows_per_task` rows.

    Args:
        source: A dataset with the columns of `clip_fields`.
        done: A reference of Ray to a sorted array of the digests of all ids that have a result.
        rows_per_task: The number of clips that a worker takes at once.
    """
    left = source.map_batches(
        partial(_without, done=done), batch_format="pyarrow", batch_size=None, num_cpus=READER_CPUS
    )
    return left.repartition(target_num_rows_per_block=rows_per_task)


def _without(table: Any, done: Any) -> Any:
    np: Any = import_module("numpy")
    pa: Any = import_module("pyarrow")
    ray: Any = import_module("ray")
    known = ray.get(done)
    ids = np.array([digest_of(id) for id in table["id"].to_pylist()], dtype="S16")
    if not len(known) or not len(ids):
        return table
    places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return table.filter(pa.array(known[places] != ids))


def _fields_of_utterance(clip: Utterance) -> Fields:
    inside = isinstance(clip.audio, bytes)
    return {
        "id": clip.id,
        "source": None if inside else str(Path(str(clip.audio)).resolve()),
        "content": clip.audio if inside else None,
        "text": clip.text,
        "phones": cell_of_words(clip.words) if clip.words else None,
    }
