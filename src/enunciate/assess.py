"""The `Assessor` protocol, and `load_assessor`, which gives any engine behind it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from enunciate.errors import ModelNotFoundError
from enunciate.schema import Assessment, Utterance


class Assessor(Protocol):
    """An engine with its weights."""

    @property
    def name(self) -> str:
        """Engine and version of the weights, as in `Assessment.model`."""
        ...

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            EnunciateError: the first utterance that cannot be assessed; assess one at a time to keep the
                others.
        """
        ...

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """The phones heard, without looking at the reference text, in order."""
        ...


def load_assessor(
    name_or_path: str | Path = "pocket", *, lexicon: Path | None = None, threads: int = 1
) -> Assessor:
    """Load an engine.

    Args:
        name_or_path: `pocket` (its weights ship in the package), or a folder of pocket weights.
        lexicon: file of pronunciations of your own, lines of `WORD PH1 PH2 ...`.
        threads: processor threads for one clip.

    Raises:
        ModelNotFoundError: there is no such engine or folder.
    """
    from enunciate.acoustic.pocket import PocketAssessor, packaged_weights

    folder = packaged_weights() if name_or_path == "pocket" else Path(name_or_path)
    if not (folder / "pocket.json").is_file():
        raise ModelNotFoundError(
            f"{name_or_path}: no such model. Use 'pocket', or a folder that `enunciate train` wrote"
        )
    return PocketAssessor(folder, lexicon=lexicon, threads=threads)
