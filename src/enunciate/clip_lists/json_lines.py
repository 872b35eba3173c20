"""A manifest: JSON lines, one clip per line.

`text`, `id` and `phones` (`given_phones`) are optional; `audio` is relative to the manifest's folder:
    {"audio": "clips/ada.wav", "text": "I think the weather is nice today.", "id": "ada-1"}
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from enunciate.clip_lists.entry import ClipEntry, first_problem, read_text_file, with_unique_ids
from enunciate.errors import ManifestError
from enunciate.schema import Utterance


def read_json_lines(path: Path) -> list[Utterance]:
    """Read and check a whole manifest; empty lines are skipped.

    Raises:
        ManifestError: It cannot be read, has no clips, or has a line that is wrong, whose number the message
            tells.
    """
    lines = enumerate(read_text_file(path).split("\n"), start=1)
    utterances = with_unique_ids(
        path, ((number, _utterance(path, number, line)) for number, line in lines if line.strip())
    )
    if not utterances:
        raise ManifestError(f'manifest {path} has no clips: write lines such as {{"audio": "a.wav"}}')
    return utterances


def _utterance(path: Path, number: int, line: str) -> Utterance:
    try:
        return ClipEntry.model_validate_json(line).utterance(path.parent)
    except ValidationError as error:
        raise ManifestError(
            f"{path}, line {number}: {first_problem(error)}. Write the line like this: "
            '{"audio": "a.wav", "text": "what was read", "id": "a"}'
        ) from None
