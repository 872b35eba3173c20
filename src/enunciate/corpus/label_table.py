"""A table of one's own, with a row per clip and columns for whatever people scored or heard.

It is CSV, TSV, JSON lines or Parquet (`label_rows`); as CSV:

    audio,text,speaker,total,phones,heard
    a.wav,I think so,ada,6.5,AY | TH IH NG K | S OW,AY | S IH NG K | S OW

All columns but `audio` are optional, and a cell may be empty:

- `id`, `speaker`, `age` in years, `gender`, `first_language`, and `split` ("train" or "test"; "test" if it is
  not given).
- `accuracy`, `fluency`, `prosodic`, `total`, `completeness`: scores of the utterance, from 0 to 10.
- `phones`: the canonical phones in ARPAbet, the words apart by `|`.
- `heard`: for each canonical phone what was heard: `<DEL>` for nothing, `AH+L` for two sounds, `<unk>` for
  a sound that is none of ARPAbet.
- `phone_scores`: for each canonical phone a score from 0 to 2. Without them, a phone has 2 if it was heard as
  expected, else 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from enunciate.clip_lists.given_phones import BAR, words_with_phones
from enunciate.corpus.annotated_words import Pair, heard_symbol, reference_words
from enunciate.corpus.label_rows import LabelRow, read_label_rows
from enunciate.corpus.labels import DELETED
from enunciate.corpus.problems import Problems
from enunciate.corpus.records import PHONE_MAXIMUM, UTTERANCE_MAXIMUM, is_score
from enunciate.corpus.speechocean762 import Split
from enunciate.errors import CorpusError, PronunciationError
from enunciate.phones import strip_stress
from enunciate.schema import HumanScores, ReferenceWord, Utterance

_OF_SPEAKER = ("speaker", "age", "gender", "first_language")
_OTHERS = ("audio", "text", "id", *_OF_SPEAKER, "split", "phones", "heard", "phone_scores")
COLUMNS = (*_OTHERS, *HumanScores.model_fields)


def load_label_table(path: Path | str, split: Split) -> list[Utterance]:
    """Read the rows of a split, or all.

    Raises:
        ManifestError: It is not a table, or lacks the column `audio`.
        MissingExtraError: It is Parquet, and pyarrow is not installed.
        CorpusError: A column is not known, cells are wrong, or the split has no rows. The message has a
            line for each problem.
    """
    path = Path(path)
    table = read_label_rows(path)
    problems = Problems()
    for column, place in table.columns.items():
        if column not in COLUMNS:
            problems.add(place, f"no column is named '{column}': use {', '.join(COLUMNS)}, or delete it")
    wanted = [row for row in table.rows if split in ("all", row.cells.get("split", "test"))]
    utterances = [_utterance(path.parent, row, problems) for row in wanted]
    ids: set[str] = set()
    for row, utterance in zip(wanted, utterances, strict=True):
        if utterance and utterance.id in ids:
            problems.add(row.place, f"the id '{utterance.id}' comes a second time")
        ids |= {utterance.id} if utterance else set()
    problems.raise_if_any(str(path))
    if not utterances:
        raise CorpusError(f"{path} has no rows of the split '{split}': see its column 'split'")
    return [utterance for utterance in utterances if utterance is not None]


def _utterance(folder: Path, row: LabelRow, problems: Problems) -> Utterance | None:
    cells = row.cells
    try:
        if "audio" not in cells:
            raise ValueError("'audio' is empty")
        return Utterance(
            id=cells.get("id", cells["audio"]),
            audio=folder / cells["audio"] if row.content is None else row.content,
            text=cells.get("text"),
            words=_words(cells),
            scores=_scores(cells),
            speaker=cells.get("speaker"),
            age=int(_number("age", cells["age"], 150)) if "age" in cells else None,
            gender=cells.get("gender"),
            first_language=cells.get("first_language"),
        )
    except (ValueError, PronunciationError) as error:
        problems.add(row.place, str(error))
        return None


def _scores(cells: dict[str, str]) -> HumanScores | None:
    given = {
        name: _number(name, cells[name], UTTERANCE_MAXIMUM)
        for name in HumanScores.model_fields
        if name in cells
    }
    return HumanScores(**given) if given else None


def _number(name: str, cell: str, maximum: float) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = None
    if not is_score(value, maximum):
        raise ValueError(f"'{name}' is '{cell}', not a number from 0 to {maximum}")
    return cast("float", value)


def _words(cells: dict[str, str]) -> tuple[ReferenceWord, ...] | None:
    if "phones" not in cells:
        if "heard" in cells or "phone_scores" in cells:
            raise ValueError("'heard' and 'phone_scores' need 'phones'")
        return None
    words = words_with_phones(cells["phones"], cells.get("text"))
    texts, phones = [word.text for word in words], [word.phones for word in words]
    heard = _beside(cells, "heard", phones)
    if heard:
        pairs = [
            _pair(phone, cell, index)
            for index, (word, cells_of_word) in enumerate(zip(phones, heard, strict=True))
            for phone, cell in zip(word, cells_of_word, strict=True)
        ]
        words = reference_words(texts, pairs)
    given = _beside(cells, "phone_scores", phones)
    if not given:
        return words
    scores = [tuple(_number("phone_scores", cell, PHONE_MAXIMUM) for cell in word) for word in given]
    return tuple(
        word.model_copy(update={"phone_scores": own}) for word, own in zip(words, scores, strict=True)
    )


def _beside(cells: dict[str, str], name: str, phones: list[tuple[str, ...]]) -> list[list[str]] | None:
    """Split a cell as the canonical phones are."""
    if name not in cells:
        return None
    words = [word.split() for word in cells[name].split(BAR)]
    if [len(word) for word in words] != [len(word) for word in phones]:
        raise ValueError(f"'{name}' has not one item for each of the phones '{cells['phones']}'")
    return words


def _pair(canonical: str, cell: str, word: int) -> Pair:
    """Pair a canonical phone with a cell such as `TH`, `ah0+L` or `<DEL>`."""
    if cell.upper() == DELETED:
        return Pair(canonical, None, word, correct=False)
    sounds = " ".join(heard_symbol(sound, {}) for sound in cell.split("+"))
    return Pair(canonical, sounds, word, correct=sounds == strip_stress(canonical))
