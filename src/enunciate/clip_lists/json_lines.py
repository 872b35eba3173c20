"""A manifest: JSON lines, one clip per line.

`text`, `id` and `phones` (`given_phones`) are optional; `audio` is relative to the manifest's folder:
    {"audio": "clips/ada.wav", "text": "I think the weather is nice today.", "id": "ada-1"}
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from enunciate.clip_lists.entry import ClipEntry, first_problem, read_text_file, with_unique_ids
from enunciate.errors import ManifestError
from enunciate.schema import Utterance

logger = logging.getLogger(__name__)
_KEYS = tuple(ClipEntry.model_fields)


def read_json_lines(path: Path) -> list[Utterance]:
    """Read and check a whole manifest; empty lines are skipped, and other keys ignored, with a warning.

    Raises:
        ManifestError: It cannot be read, has no clips, or has a line that is wrong, whose number the message
            tells.
    """
    lines = enumerate(read_text_file(path).split("\n"), start=1)
    unused: dict[str, None] = {}
    utterances = with_unique_ids(
        path, ((number, _utterance(path, number, line, unused)) for number, line in lines if line.strip())
    )
    if not utterances:
        raise ManifestError(f'manifest {path} has no clips: write lines such as {{"audio": "a.wav"}}')
    if unused:
        logger.warning("%s: keys that are not used: %s", path, ", ".join(unused))
    return utterances


def _utterance(path: Path, number: int, line: str, unused: dict[str, None]) -> Utterance:
    try:
        row: Any = json.loads(line)
        if isinstance(row, dict):
            row = cast("dict[str, Any]", row)
            unused |= dict.fromkeys(key for key in row if key not in _KEYS)
            row = {key: row[key] for key in _KEYS if key in row}
        return ClipEntry.model_validate(row).utterance(path.parent)
    except ValidationError as error:
        problem = first_problem(error)
    except ValueError as error:
        problem = f"not JSON ({error})"
    raise ManifestError(
        f"{path}, line {number}: {problem}. Write the line like this: "
        '{"audio": "a.wav", "text": "what was read", "id": "a"}'
    )
