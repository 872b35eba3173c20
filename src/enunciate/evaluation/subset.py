"""Part of a corpus: what a model was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from enunciate.errors import CorpusError
from enunciate.schema import Utterance


class _HeldOut(BaseModel):
    """The `held_out.json` of an adapter; its `dev` chose the adapter, so only `report` is new to it."""

    report: Annotated[list[str], Field(min_length=1)]


_Ids = Annotated[list[str], Field(min_length=1)] | _HeldOut
_IDS = TypeAdapter[list[str] | _HeldOut](_Ids)


def only(utterances: Sequence[Utterance], path: Path) -> list[Utterance]:
    """The utterances that a file names, in their own order.

    Args:
        utterances: of the corpus.
        path: JSON, a list of ids, or the `held_out.json` of an adapter (its `report`).

    Raises:
        CorpusError: the file is neither, or names utterances that are not among these.
    """
    try:
        found = _IDS.validate_json(path.read_bytes())
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error}): give a JSON file with a list of ids") from error
    except ValidationError as error:
        raise CorpusError(
            f"{path} is not a JSON list of utterance ids, nor a held_out.json with ids under 'report'"
        ) from error
    wanted = set(found.report if isinstance(found, _HeldOut) else found)
    strangers = sorted(wanted - {utterance.id for utterance in utterances})
    if strangers:
        raise CorpusError(
            f"{path}: {len(strangers)} of its ids, {strangers[0]} for one, are not in this part of the "
            "corpus: give another --split, or the file that belongs to this corpus"
        )
    return [utterance for utterance in utterances if utterance.id in wanted]
