"""The clips of `batch_scale.py`: the example by another loudness and noise for each, so that all differ."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import soundfile as sf

from enunciate.audio import SAMPLE_RATE_HZ, load

TEXT = "I think the weather is nice today."
SECONDS = 4


def make_clips(folder: Path, count: int) -> Path:
    """Write clips and a list of them in Parquet, unless the folder has such a list; return the list."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    manifest = folder / f"clips-{count}.parquet"
    if manifest.exists():
        return manifest
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{number:07}.wav" for number in range(count)]
    with ProcessPoolExecutor() as processes:
        list(processes.map(partial(make_clip, folder), range(count), names, chunksize=64))
    table = pa.table({"id": names, "audio": names, "text": [TEXT] * count})
    pq.write_table(table, manifest, row_group_size=5_000)
    return manifest


def make_clip(folder: Path, number: int, name: str) -> None:
    """Write the clip of a number, which is the same in every run."""
    example = Path(__file__).parent.parent / "examples" / "i_think_the_weather_is_nice.flac"
    said = load(example).samples
    speech = np.pad(said, (0, SECONDS * SAMPLE_RATE_HZ - said.size))
    rng = np.random.default_rng([0, number])
    noise = rng.normal(scale=3e-4, size=speech.size)
    sf.write(folder / name, rng.uniform(0.3, 0.9) * speech + noise, SAMPLE_RATE_HZ)
