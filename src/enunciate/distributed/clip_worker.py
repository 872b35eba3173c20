"""The actor that holds an engine: clips in, rows of results out."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from enunciate.assembly.ipa import in_ipa
from enunciate.clip_lists.given_phones import words_with_phones
from enunciate.distributed.clip_fields import Fields
from enunciate.distributed.result_rows import table_of_results
from enunciate.engines import Assessor, assess_each, load_assessor
from enunciate.errors import AudioEmptyError, AudioNotFoundError, EnunciateError, ManifestError
from enunciate.schema import Accent, Assessment, ClipError, Failure, Utterance
from enunciate.speech_lm.options import WeightFormat

READERS = 8
"""Clips that are fetched at once from where they are stored."""
ATTEMPTS = 3
"""How often a clip is fetched before it counts as one that cannot be read."""
PAUSE_S = 1.0
"""The pause before the second attempt, doubled before each further one."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerSettings:
    """How a worker assesses: the options of `load_assessor`, and the alphabet of the results."""

    model: str = "pocket"
    lexicon: Path | None = None
    accent: Accent = "us"
    alphabet: Literal["arpabet", "ipa"] = "arpabet"
    base_url: str | None = None
    served_adapter: Path | None = None
    weights: WeightFormat = "full"
    compile_layers: bool = False
    threads: int = 1

    def load(self) -> Assessor:
        """Load the engine.

        Raises:
            EnunciateError: as `load_assessor`.
        """
        return load_assessor(
            self.model,
            lexicon=self.lexicon,
            base_url=self.base_url,
            served_adapter=self.served_adapter,
            weights=self.weights,
            compile_layers=self.compile_layers,
            threads=self.threads,
        )

    def identity(self) -> str:
        """What all results of a folder have in common, as a line of JSON."""
        lexicon = None if self.lexicon is None else str(self.lexicon)
        weights = {} if self.weights == "full" else {"weights": self.weights}
        given = {"model": self.model, "lexicon": lexicon, "accent": self.accent, "phones": self.alphabet}
        return json.dumps(given | weights)


class ClipWorker:
    """Assesses blocks of clips with an engine that is loaded once.

    A block gives a table of `result_rows` with a further column `problem`. Where the engine could not be
    loaded, there is one row, which says nothing else, so that the run ends with that message.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self.settings = settings
        self.problem: str | None = None
        self._assessor: Assessor | None = None
        try:
            self._assessor = settings.load()
        except EnunciateError as error:
            self.problem = str(error)

    def __call__(self, clips: Any) -> Any:
        """Assess the clips of a table with the columns of `clip_fields`."""
        pa: Any = import_module("pyarrow")
        results = table_of_results(list(self._outcomes(clips)))
        if self.problem is not None:
            results = pa.Table.from_pylist([{}], schema=results.schema)
        return results.append_column("problem", pa.array([self.problem] * results.num_rows, pa.string()))

    def _outcomes(self, clips: Any) -> Iterator[Assessment | Failure]:
        if self._assessor is None:
            return
        rows: list[Fields] = clips.to_pylist()
        with ThreadPoolExecutor(READERS) as readers:
            fetched = list(readers.map(self._utterance, rows))
        sources = {row["id"]: row["source"] for row in rows}
        yield from (one for one in fetched if isinstance(one, Failure))
        ready = [one for one in fetched if isinstance(one, Utterance)]
        for outcome in assess_each(self._assessor, ready):
            if isinstance(outcome, Failure):
                yield outcome.model_copy(update={"audio": sources[outcome.id]})
            else:
                yield in_ipa(outcome) if self.settings.alphabet == "ipa" else outcome

    def _utterance(self, row: Fields) -> Utterance | Failure:
        try:
            if not row["id"]:
                raise ManifestError("a row has neither 'audio' nor 'id': each needs one of its own")
            words = words_with_phones(row["phones"], row["text"]) if row["phones"] else None
            return Utterance(
                id=row["id"], audio=_audio(row), text=row["text"], words=words, accent=self.settings.accent
            )
        except EnunciateError as error:
            problem = ClipError(code=error.code, message=str(error))
            return Failure(id=row["id"], audio=row["source"], error=problem)


def _audio(row: Fields) -> Path | bytes:
    """Return the bytes of a clip that is in the list or behind a URL, and else its path.

    Raises:
        AudioError: There is no clip, or it cannot be fetched.
    """
    if row["content"] is not None:
        return row["content"]
    source: str | None = row["source"]
    if source is None:
        raise AudioEmptyError(f"{row['id']} has no audio in the list: give its bytes or its path")
    return fetched(source) if "://" in source else Path(source)


def fetched(url: str, pause_s: float = PAUSE_S) -> bytes:
    """Return what a URL of fsspec leads to, trying again where the store fails.

    Raises:
        AudioNotFoundError: There is nothing, or it cannot be fetched.
    """
    fsspec: Any = import_module("fsspec")
    for attempt in range(ATTEMPTS):
        try:
            with fsspec.open(url, "rb") as file:
                return file.read()
        except (FileNotFoundError, ImportError, ValueError) as error:
            raise AudioNotFoundError(f"{url} cannot be read ({error})") from None
        except OSError as error:
            if attempt == ATTEMPTS - 1:
                raise AudioNotFoundError(f"{url} cannot be fetched ({error})") from None
            logger.info("%s: %s; trying again", url, error)
            time.sleep(pause_s * 2**attempt)
    raise AssertionError("the last attempt returns or raises")
