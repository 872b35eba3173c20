"""Speechocean762 (Zhang et al., Interspeech 2021): its folder, or rows of its Hugging Face copy.

The folder is Kaldi-style, with the labels in one JSON file:

    train/wav.scp            <utterance id> <TAB> WAVE/SPEAKER0001/<utterance id>.WAV
    train/text               <utterance id> <TAB> WE DO IT
    train/utt2spk            <utterance id> <TAB> 0001
    train/spk2age            0001 <TAB> 6
    train/spk2gender         0001 <TAB> m
    resource/scores.json     {<utterance id>: {"text", "words": [...], "accuracy", ...}}

Copies differ: audio may be re-encoded, labels may be absent (a key that is not there becomes None), and
`phones` is a list or a space-separated string. What is there must be sound: everything wrong in a folder is
reported at once, because a corpus is mended by hand, and one error a run is no way to do that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from pydantic import ValidationError

from enunciate.errors import CorpusError
from enunciate.schema import Clip, HumanScores, Mispronunciation, ReferenceWord, Utterance

Split = Literal["train", "test", "all"]

_SCORES = "resource/scores.json"
_PROBLEMS_SHOWN = 40
_UTTERANCE_MAXIMUM = 10
_PHONE_MAXIMUM = 2


def load_corpus(folder: Path | str, split: Split) -> list[Utterance]:
    """Read one split, or both, in the order of `wav.scp`.

    Raises:
        CorpusError: anything is missing or broken; the message has a line for each problem, with its file
            and line (or, in the label file, its utterance and key).
    """
    root = Path(folder)
    if not root.is_dir():
        raise CorpusError(f"{root} is not a folder: give the folder of Speechocean762 that holds 'WAVE'")
    problems = _Problems()
    labels = _read_labels(root, problems)
    names = ["train", "test"] if split == "all" else [split]
    utterances = [item for name in names for item in _load_split(root, name, labels, problems)]
    problems.raise_if_any(str(root))
    return utterances


def load_huggingface(rows: Iterable[Mapping[str, Any]]) -> list[Utterance]:
    """Read rows of the Hugging Face copy, `mispeech/speechocean762`.

    Args:
        rows: a loaded split, or any dicts with its columns. Cast the column `audio` to
            `Audio(decode=False)` to keep clips as the few bytes they were; decoded ones are taken as well.

    Raises:
        CorpusError: rows with broken fields, all of them named.
    """
    problems = _Problems()
    utterances = [_from_row(index, row, problems) for index, row in enumerate(rows)]
    problems.raise_if_any("Hugging Face rows")
    return [item for item in utterances if item is not None]


@dataclass
class _Problems:
    found: list[str] = field(default_factory=list[str])

    def add(self, where: str, what: str) -> None:
        self.found.append(f"{where}: {what}")

    def raise_if_any(self, source: str) -> None:
        if not self.found:
            return
        lines = self.found[:_PROBLEMS_SHOWN]
        if len(self.found) > len(lines):
            lines.append(f"... and {len(self.found) - len(lines)} more")
        count = "1 problem" if len(self.found) == 1 else f"{len(self.found)} problems"
        raise CorpusError("\n  ".join([f"{source}: {count}", *lines]))


# ------------------------------------------------------------------------------------------ the folder


@dataclass(frozen=True)
class _Entry:
    value: str
    where: str
    """File and line, as "test/text:3"."""


def _read_table(root: Path, name: str, problems: _Problems, optional: bool = False) -> dict[str, _Entry]:
    """A Kaldi table: a key, white space, a value that may hold spaces."""
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


def _read_labels(root: Path, problems: _Problems) -> Mapping[str, Any]:
    try:
        labels = json.loads((root / _SCORES).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        problems.add(_SCORES, f"cannot be read ({error})")
        return {}
    except json.JSONDecodeError as error:
        problems.add(f"{_SCORES}:{error.lineno}", f"is not JSON ({error.msg}, column {error.colno})")
        return {}
    if not isinstance(labels, dict):
        problems.add(_SCORES, "must hold an object from utterance to labels")
        return {}
    return cast("dict[str, Any]", labels)


def _load_split(root: Path, split: str, labels: Mapping[str, Any], problems: _Problems) -> list[Utterance]:
    clips = _read_table(root, f"{split}/wav.scp", problems)
    texts = _read_table(root, f"{split}/text", problems)
    speakers = _read_table(root, f"{split}/utt2spk", problems)
    ages = _read_ages(root, f"{split}/spk2age", problems)
    genders = _read_table(root, f"{split}/spk2gender", problems, optional=True)
    utterances: list[Utterance] = []
    for key, clip in clips.items():
        before = len(problems.found)
        if not (root / clip.value).is_file():
            problems.add(clip.where, f"there is no file {clip.value}")
        for name, table in (("text", texts), ("utt2spk", speakers)):
            if key not in table:
                problems.add(clip.where, f"'{key}' is not in {split}/{name}")
        if key not in labels:
            problems.add(clip.where, f"'{key}' is not in {_SCORES}")
        if len(problems.found) > before:
            continue
        speaker = speakers[key].value
        item = _build(
            {"id": key, "audio": root / clip.value, "text": texts[key].value, "speaker": speaker}
            | {"age": ages.get(speaker), "gender": genders[speaker].value if speaker in genders else None},
            labels[key],
            f"{_SCORES}: {key}",
            problems,
        )
        if item is not None:
            utterances.append(item)
    return utterances


def _read_ages(root: Path, name: str, problems: _Problems) -> dict[str, int]:
    ages: dict[str, int] = {}
    for speaker, entry in _read_table(root, name, problems, optional=True).items():
        if entry.value.isdecimal():
            ages[speaker] = int(entry.value)
        else:
            problems.add(entry.where, f"'{entry.value}' is not an age in years")
    return ages


# ---------------------------------------------------------------------------------------------- a row


def _from_row(index: int, row: Mapping[str, Any], problems: _Problems) -> Utterance | None:
    where = f"row {index}"
    try:
        audio = row["audio"]
        source = str(audio["path"]) if _has(audio, "path") else ""
        content: bytes | Clip | Path
        if _has(audio, "bytes"):
            content = audio["bytes"]
        elif _has(audio, "array"):
            content = Clip(samples=np.asarray(audio["array"]), sample_rate_hz=audio["sampling_rate"])
        elif source:
            content = Path(source)
        else:
            raise KeyError("path")
    except (KeyError, TypeError, ValidationError) as error:
        problems.add(where, f"'audio' holds no bytes, samples or path ({error!r})")
        return None
    fields = {
        "id": Path(source).stem if source else f"{index:06d}",
        "audio": content,
        "text": row.get("text"),
        "speaker": row.get("speaker"),
        "age": row.get("age"),
        "gender": row.get("gender"),
    }
    return _build(fields, row, where, problems)


def _has(audio: Any, key: str) -> bool:
    """Whether a value is there: a dict, or the decoder object of recent `datasets`, that has [] alone."""
    try:
        return audio[key] is not None
    except KeyError:
        return False


# --------------------------------------------------------------------------------------------- labels


def _build(fields: dict[str, Any], labels: Any, where: str, problems: _Problems) -> Utterance | None:
    if not isinstance(labels, Mapping):
        problems.add(where, "must be an object with 'words'")
        return None
    record = cast("Mapping[str, Any]", labels)
    before = len(problems.found)
    words = _words(record, where, problems)
    scores = _scores(record, where, problems)
    if len(problems.found) > before:
        return None
    try:
        return Utterance(**fields, words=words, scores=scores)
    except ValidationError as error:
        problems.add(where, _first_error(error))
        return None


def _scores(record: Mapping[str, Any], where: str, problems: _Problems) -> HumanScores | None:
    given = {name: record[name] for name in HumanScores.model_fields if record.get(name) is not None}
    for name, value in given.items():
        if not _in_range(value, _UTTERANCE_MAXIMUM):
            problems.add(where, f"'{name}' is {value!r}, not a score of 0 to {_UTTERANCE_MAXIMUM}")
            return None
    return HumanScores(**given) if given else None


def _words(record: Mapping[str, Any], where: str, problems: _Problems) -> tuple[ReferenceWord, ...] | None:
    listed = record.get("words")
    if not isinstance(listed, list) or not listed:
        problems.add(where, "'words' must be a list with the words of the text")
        return None
    words: list[ReferenceWord] = []
    for index, word in enumerate(cast("list[Any]", listed)):
        try:
            words.append(_word(word))
        except ValidationError as error:
            problems.add(where, f"word {index}: {_first_error(error)}")
        except (KeyError, TypeError, ValueError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            problems.add(where, f"word {index}: {reason}")
    return tuple(words)


def _word(word: Mapping[str, Any]) -> ReferenceWord:
    phones = word["phones"].split() if isinstance(word["phones"], str) else word["phones"]
    scores = word.get("phones-accuracy")
    if not phones:
        raise ValueError("has no phones")
    if scores is not None:
        if len(scores) != len(phones):
            raise ValueError(f"has {len(phones)} phones, but {len(scores)} phone scores")
        if not all(_in_range(score, _PHONE_MAXIMUM) for score in scores):
            raise ValueError(f"has phone scores outside 0 to {_PHONE_MAXIMUM}: {scores}")
    return ReferenceWord(
        text=word["text"],
        phones=tuple(phones),
        phone_scores=None if scores is None else tuple(scores),
        accuracy=word.get("accuracy"),
        stress=word.get("stress"),
        total=word.get("total"),
        mispronunciations=_mispronunciations(word.get("mispronunciations")),
    )


def _mispronunciations(listed: list[Mapping[str, Any]] | None) -> tuple[Mispronunciation, ...] | None:
    if listed is None:
        return None
    return tuple(
        Mispronunciation(
            canonical=item["canonical-phone"], index=item["index"], pronounced=item["pronounced-phone"]
        )
        for item in listed
    )


def _in_range(value: Any, maximum: float) -> bool:
    return isinstance(value, int | float) and 0 <= value <= maximum


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"'{'.'.join(str(part) for part in first['loc'])}': {first['msg']}"
