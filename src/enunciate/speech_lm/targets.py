"""What the model is to answer, in both directions: from labels to one line of JSON, and back.

    {"accuracy": 8, "fluency": 8, "prosodic": 9, "total": 8}
    {"word_transcript": "the bear", "phoneme_transcript": "DH AH B EH <unk>"}

Both directions stand here so that they cannot drift apart. Words are in lower case, letters only: the corpus
is in capitals without punctuation, the base model's vocabulary has most lower-case words as one token and few
in capitals, and a word error rate must not count case.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError, field_validator

from enunciate.errors import CorpusError
from enunciate.phones import PHONES, strip_stress
from enunciate.phones.inventory import UNCLEAR
from enunciate.phones.lexicon import normalise_apostrophes
from enunciate.phones.numbers import spell_number
from enunciate.schema import (
    ASPECTS,
    MISPRONOUNCED_BELOW,
    FrozenModel,
    Mispronunciation,
    ReferenceWord,
    Utterance,
)
from enunciate.speech_lm.options import TargetConfig, Task

STARRED = tuple(f"{phone}*" for phone in PHONES)
"""Sounds annotated as mostly like a phone: those that a second language brings."""
SYMBOLS = (*PHONES, UNCLEAR, *STARRED)
"""All that a phone transcript may hold."""

SCORES = range(11)
"""The scores of one aspect."""
ScoreInteger = Annotated[int, Field(ge=0, le=10, strict=True)]

_DELETED = "<DEL>"
_SYMBOLS = frozenset(SYMBOLS)
_WORD = re.compile("[a-z]+(?:'[a-z]+)*|[0-9]+")


class ApaAnswer(FrozenModel):
    """The four scores of an utterance, as integers."""

    accuracy: ScoreInteger
    fluency: ScoreInteger
    prosodic: ScoreInteger
    total: ScoreInteger


class MddAnswer(FrozenModel):
    """What was said, as words and as phones; both may be empty, where nothing was made out."""

    word_transcript: str
    """Words as `plain_words` gives them, with single spaces."""
    phoneme_transcript: str
    """`SYMBOLS` with single spaces."""

    @property
    def phones(self) -> tuple[str, ...]:
        """The symbols, in order."""
        return tuple(self.phoneme_transcript.split())

    @field_validator("word_transcript")
    @classmethod
    def _plain(cls, value: str) -> str:
        if value != " ".join(plain_words(value)):
            raise ValueError("words are a to z and apostrophes inside, in lower case, with single spaces")
        return value

    @field_validator("phoneme_transcript")
    @classmethod
    def _symbols(cls, value: str) -> str:
        found = value.split()
        unknown = [symbol for symbol in found if symbol not in _SYMBOLS]
        if unknown:
            raise ValueError(f"not phones: {', '.join(dict.fromkeys(unknown))}")
        if value != " ".join(found):
            raise ValueError("phones stand with single spaces between them")
        return value


Answer = ApaAnswer | MddAnswer


@dataclass(frozen=True)
class Unparsable:
    """An answer that is not of the form asked for."""

    raw: str
    reason: str


# ---------------------------------------------------------------------------------- from labels to text


def target(task: Task, utterance: Utterance, config: TargetConfig) -> Answer | None:
    """What the model is to answer; None where the utterance lacks the labels that this needs.

    Raises:
        CorpusError: labels do not fit the phones that they belong to.
    """
    if task == "apa":
        return _scores(utterance)
    if not utterance.words or not all(_is_judged(word) for word in utterance.words):
        return None
    words = [plain for word in utterance.words for plain in plain_words(word.text)]
    phones = heard_phones(utterance, config)
    return MddAnswer(word_transcript=" ".join(words), phoneme_transcript=" ".join(phones))


def heard_phones(utterance: Utterance, config: TargetConfig) -> tuple[str, ...]:
    """The phones that people heard, without stress: the canonical ones where they heard no error.

    An annotated mispronunciation takes the place of its phone, whatever its score: a phone, `<unk>`, none
    (`<DEL>`) or two ("IH R"). A phone scored below 0.5 without a diagnosis is `<unk>`: something else was
    said, and nobody wrote down what. So is a label that is not ARPAbet.

    Raises:
        CorpusError: a score or a mispronunciation has no phone that it belongs to.
    """
    words = utterance.words or ()
    return tuple(symbol for word in words for symbol in _heard(utterance.id, word, config))


def render(answer: Answer) -> str:
    """One line of JSON, keys in the order of the fields, a space after each colon and comma."""
    return json.dumps(answer.model_dump(), ensure_ascii=False)


def plain_words(text: str) -> tuple[str, ...]:
    """The words of a text in the form of a transcript: lower case, no punctuation, numbers spelt out.

    >>> plain_words("Tom’s 2 cats (the well-fed ones)")
    ("tom's", 'two', 'cats', 'the', 'well', 'fed', 'ones')
    """
    decomposed = unicodedata.normalize("NFKD", normalise_apostrophes(text))
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    found = cast("list[str]", _WORD.findall(letters.lower()))
    return tuple(word for token in found for word in (spell_number(token) if token[0].isdigit() else [token]))


def _scores(utterance: Utterance) -> ApaAnswer | None:
    given = utterance.scores
    values: dict[str, float | None] = {aspect: getattr(given, aspect, None) for aspect in ASPECTS}
    rounded = {aspect: math.floor(v + 0.5) for aspect, v in values.items() if v is not None}
    return ApaAnswer(**rounded) if len(rounded) == len(ASPECTS) else None


def _is_judged(word: ReferenceWord) -> bool:
    return word.phone_scores is not None or word.mispronunciations is not None


def _heard(utterance_id: str, word: ReferenceWord, config: TargetConfig) -> Iterator[str]:
    scores: Sequence[float | None] = word.phone_scores or [None] * len(word.phones)
    if len(scores) != len(word.phones):
        raise CorpusError(
            f"utterance {utterance_id}, word {word.text}: {len(scores)} phone scores for "
            f"{len(word.phones)} phones; mend the corpus"
        )
    diagnoses = _diagnoses(utterance_id, word, config)
    for index, (phone, score) in enumerate(zip(word.phones, scores, strict=True)):
        if index in diagnoses:
            yield from diagnoses[index]
        elif score is not None and score < MISPRONOUNCED_BELOW:
            yield UNCLEAR
        else:
            yield _symbol(phone, config)


def _diagnoses(utterance_id: str, word: ReferenceWord, config: TargetConfig) -> dict[int, tuple[str, ...]]:
    """By index in the word, what was said there instead."""
    found: dict[int, tuple[str, ...]] = {}
    for item in word.mispronunciations or ():
        if not _fits(item, word):
            raise CorpusError(
                f"utterance {utterance_id}, word {word.text}: a mispronunciation of phone {item.index}, "
                f"'{item.canonical}', but the phones are {' '.join(word.phones)} (counted from 0); mend it"
            )
        found[item.index] = _spoken(item.pronounced, config)
    return found


def _fits(item: Mispronunciation, word: ReferenceWord) -> bool:
    return 0 <= item.index < len(word.phones)


def _spoken(label: str, config: TargetConfig) -> tuple[str, ...]:
    if label.strip().upper() == _DELETED:
        return ()
    return tuple(_symbol(token, config) for token in label.split()) or (UNCLEAR,)


def _symbol(token: str, config: TargetConfig) -> str:
    """`AH0` -> `AH`, `K*` -> `K*` or `K`; `<unk>` for anything that is not ARPAbet."""
    base = strip_stress(token.strip("*").upper())
    if base not in PHONES:
        return UNCLEAR
    return f"{base}*" if config.starred == "keep" and token.endswith("*") else base


# ---------------------------------------------------------------------------------- from text to answer


def parse(task: Task, text: str) -> Answer | Unparsable:
    """Read what the model wrote; this raises nothing, whatever the text is.

    Strict about the form: one JSON object with the keys of the task and no others, integers from 0 to 10,
    known phones. White space, the order of keys, stress digits, and case and punctuation of words do not
    matter.
    """
    try:
        fields = json.loads(text.strip(), object_pairs_hook=_without_repeats)
        if not isinstance(fields, dict):
            return Unparsable(text, "not a JSON object")
        return _read(task, cast("dict[str, Any]", fields))
    except ValidationError as error:
        return Unparsable(text, "; ".join(_reason(entry["loc"], entry["msg"]) for entry in error.errors()))
    except json.JSONDecodeError as error:
        return Unparsable(text, f"not JSON: {error.msg} at character {error.pos}")
    except (ValueError, RecursionError) as error:
        return Unparsable(text, f"not JSON that can be read: {error}")


def _read(task: Task, fields: dict[str, Any]) -> Answer:
    if task == "apa":
        return ApaAnswer.model_validate(fields)
    normal: dict[Literal["word_transcript", "phoneme_transcript"], Any] = {
        "word_transcript": _normal_words,
        "phoneme_transcript": _normal_phones,
    }
    return MddAnswer.model_validate(
        {
            key: normal[key](value) if key in normal and isinstance(value, str) else value
            for key, value in fields.items()
        }
    )


def _normal_words(value: str) -> str:
    return " ".join(plain_words(value))


def _normal_phones(value: str) -> str:
    return " ".join(strip_stress(symbol) for symbol in value.split())


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key comes twice")
    return fields


def _reason(place: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(str(part) for part in place)}: {message}" if place else message
