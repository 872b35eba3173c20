"""Corpora as they were published have a few broken annotations, which nobody can fix: they are left out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from enunciate.corpus.problems import Problems
from enunciate.errors import CorpusError
from enunciate.schema import Utterance

logger = logging.getLogger(__name__)


def utterances_of(
    root: Path, annotations: Iterable[Path], read: Callable[[Path], Utterance]
) -> list[Utterance]:
    """Return the utterance of each annotation; the log warns of those that are left out.

    Args:
        root: The folder of the corpus.
        annotations: Their files, below the folder.
        read: Reads one; raises `CorpusError` or `ValueError`, which says what is wrong.

    Raises:
        CorpusError: No annotation can be used; the message has a line for each problem.
    """
    problems = Problems()
    utterances: list[Utterance] = []
    for path in annotations:
        try:
            utterances.append(read(path))
        except (CorpusError, ValueError, OSError) as error:
            problems.add(path.relative_to(root).as_posix(), str(error))
    if not utterances:
        problems.raise_if_any(str(root))
    for line in problems.lines:
        logger.warning("left out: %s", line)
    return utterances
