"""Speechocean762 (Zhang et al., Interspeech 2021) from its folder.

The folder is Kaldi-style, with the labels in one JSON file:

    train/wav.scp            <utterance id> <TAB> WAVE/SPEAKER0001/<utterance id>.WAV
    train/text               <utterance id> <TAB> WE DO IT
    train/utt2spk            <utterance id> <TAB> 0001
    train/spk2age            0001 <TAB> 6
    train/spk2gender         0001 <TAB> m
    resource/scores.json     {<utterance id>: {"text", "words": [...], "accuracy", ...}}
    resource/ranges.json     only in a copy without all exact scores; see `enunciate.corpus.label_completion`

Copies differ: audio may be re-encoded and labels may be absent. Everything that is wrong with a folder is
reported at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from enunciate.corpus.problems import Problems
from enunciate.corpus.records import utterance_from_record
from enunciate.errors import CorpusError
from enunciate.schema import Utterance

Split = Literal["train", "test", "all"]

FIRST_LANGUAGE = "Mandarin"
"""The first language of all its speakers."""

_SCORES = "resource/scores.json"


def load_corpus(folder: Path | str, split: Split) -> list[Utterance]:
    """Read one split, or both, in the order of `wav.scp`.

    Raises:
        CorpusError: Something is missing or broken. The message has a line for each problem, with its file
            and line or, in the label file, its utterance and key.
    """
    root = Path(folder)
    if not root.is_dir():
        raise CorpusError(f"{root} is not a folder: give the folder of Speechocean762 that holds 'WAVE'")
    problems = Problems()
    labels = read_json_object(root, _SCORES, problems)
    names = ["train", "test"] if split == "all" else [split]
    utterances = [item for name in names for item in _load_split(root, name, labels, problems)]
    problems.raise_if_any(str(root))
    return utterances


def read_json_object(root: Path, name: str, problems: Problems) -> Mapping[str, Any]:
    """The JSON object from utterance ids to labels in a file of the folder; empty where it is broken."""
    try:
        labels = json.loads((root / name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        problems.add(name, f"cannot be read ({error})")
        return {}
    except json.JSONDecodeError as error:
        problems.add(f"{name}:{error.lineno}", f"is not JSON ({error.msg}, column {error.colno})")
        return {}
    if not isinstance(labels, dict):
        problems.add(name, "must hold an object from utterance to labels")
        return {}
    return cast("dict[str, Any]", labels)


@dataclass(frozen=True)
class _Entry:
    value: str
    where: str
    """File and line, such as "test/text:3"."""


def _read_table(root: Path, name: str, problems: Problems, optional: bool = False) -> dict[str, _Entry]:
    """Read a Kaldi table: on each line a key, white space, and a value that may hold spaces."""
    try:
        lines = (root / name).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        if not (optional and isinstance(error, FileNotFoundError)):
            problems.add(name, f"cannot be read ({error})")
        return {}
    table: dict[str, _Entry] = {}
    for number, line in enumerate(lines, start=1):
        where = f"{name}:{number}"
        parts = line.split(maxsplit=1)
        if len(parts) == 1:
            problems.add(where, f"'{parts[0]}' has no value")
        elif parts and parts[0] in table:
            problems.add(where, f"'{parts[0]}' comes a second time (first in {table[parts[0]].where})")
        elif parts:
            table[parts[0]] = _Entry(parts[1].strip(), where)
    return table


def _load_split(root: Path, split: str, labels: Mapping[str, Any], problems: Problems) -> list[Utterance]:
    clips = _read_table(root, f"{split}/wav.scp", problems)
    texts = _read_table(root, f"{split}/text", problems)
    speakers = _read_table(root, f"{split}/utt2spk", problems)
    ages = _read_ages(root, f"{split}/spk2age", problems)
    genders = _read_table(root, f"{split}/spk2gender", problems, optional=True)
    utterances: list[Utterance] = []
    for key, clip in clips.items():
        n_problems = len(problems.lines)
        if not (root / clip.value).is_file():
            problems.add(clip.where, f"there is no file {clip.value}")
        for name, table in (("text", texts), ("utt2spk", speakers)):
            if key not in table:
                problems.add(clip.where, f"'{key}' is not in {split}/{name}")
        if key not in labels:
            problems.add(clip.where, f"'{key}' is not in {_SCORES}")
        if len(problems.lines) > n_problems:
            continue
        speaker = speakers[key].value
        utterance = utterance_from_record(
            {"id": key, "audio": root / clip.value, "text": texts[key].value, "speaker": speaker}
            | {"age": ages.get(speaker), "gender": genders[speaker].value if speaker in genders else None}
            | {"first_language": FIRST_LANGUAGE},
            labels[key],
            f"{_SCORES}: {key}",
            problems,
        )
        if utterance is not None:
            utterances.append(utterance)
    return utterances


def _read_ages(root: Path, name: str, problems: Problems) -> dict[str, int]:
    ages: dict[str, int] = {}
    for speaker, entry in _read_table(root, name, problems, optional=True).items():
        if entry.value.isdecimal():
            ages[speaker] = int(entry.value)
        else:
            problems.add(entry.where, f"'{entry.value}' is not an age in years")
    return ages
