"""Subsets of a corpus that a file names, such as the speakers that a model was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from enunciate.errors import CorpusError
from enunciate.schema import Utterance


class _HeldOut(BaseModel):
    """The `held_out.json` of an adapter; `dev` served to select the adapter, so only `report` is unseen."""

    report: Annotated[list[str], Field(min_length=1)]


_Ids = Annotated[list[str], Field(min_length=1)] | _HeldOut
_IDS = TypeAdapter[list[str] | _HeldOut](_Ids)


def select_utterances(utterances: Sequence[Utterance], path: Path) -> list[Utterance]:
    """Return the utterances that a file names, in the order of the corpus.

    Args:
        utterances: The corpus.
        path: A JSON file, either a list of ids or the `held_out.json` of an adapter (its `report`).

    Raises:
        CorpusError: The file is neither, or names utterances that are not in the corpus.
    """
    try:
        ids = _IDS.validate_json(path.read_bytes())
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error}): give a JSON file with a list of ids") from error
    except ValidationError as error:
        raise CorpusError(
            f"{path} is neither a JSON list of utterance ids nor a held_out.json with ids under 'report'"
        ) from error
    wanted = set(ids.report if isinstance(ids, _HeldOut) else ids)
    unknown = sorted(wanted - {utterance.id for utterance in utterances})
    if unknown:
        raise CorpusError(
            f"{path}: {len(unknown)} of its ids, such as {unknown[0]}, are not in this part of the corpus: "
            "give another --split, or the file that belongs to this corpus"
        )
    return [utterance for utterance in utterances if utterance.id in wanted]
