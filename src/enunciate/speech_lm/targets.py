"""The answers of the model as JSON, in both directions: from labels to one line of text, and back.

    {"accuracy": 8, "fluency": 8, "prosodic": 9, "total": 8}
    {"word_transcript": "the bear", "phoneme_transcript": "DH AH B EH <unk>"}

Both directions are in one file so that they cannot drift apart. Words are lower-case letters only: the corpus
is in capitals without punctuation, the base model's vocabulary has most lower-case words as one token but few
in capitals, and a word error rate must not count case.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError, field_validator

from enunciate.corpus.labels import HEARD_SYMBOLS, has_phone_labels, heard_phones, whole_scores
from enunciate.phones import strip_stress
from enunciate.reading.plain_words import plain_words
from enunciate.schema import FrozenModel, Utterance
from enunciate.speech_lm.options import TargetConfig, Task

SCORES = range(11)
"""Possible scores of one aspect."""
ScoreInteger = Annotated[int, Field(ge=0, le=10, strict=True)]

_SYMBOLS = frozenset(HEARD_SYMBOLS)


class ApaAnswer(FrozenModel):
    """The four scores of an utterance, as integers."""

    accuracy: ScoreInteger
    fluency: ScoreInteger
    prosodic: ScoreInteger
    total: ScoreInteger


class MddAnswer(FrozenModel):
    """What was heard, as words and as phones; both may be empty if nothing was understood."""

    word_transcript: str
    """Words as `plain_words` returns them, separated by single spaces."""
    phoneme_transcript: str
    """`HEARD_SYMBOLS` separated by single spaces."""

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
        symbols = value.split()
        unknown = [symbol for symbol in symbols if symbol not in _SYMBOLS]
        if unknown:
            raise ValueError(f"not phones: {', '.join(dict.fromkeys(unknown))}")
        if value != " ".join(symbols):
            raise ValueError("phones are separated by single spaces")
        return value


Answer = ApaAnswer | MddAnswer


@dataclass(frozen=True)
class Unparsable:
    """An answer that does not have the required form."""

    raw: str
    reason: str


# ---------------------------------------------------------------------------------- from labels to text


def target(task: Task, utterance: Utterance, config: TargetConfig) -> Answer | None:
    """Return the answer that the model is to learn; None if the utterance lacks the labels for it.

    Raises:
        CorpusError: Labels do not fit the phones that they belong to.
    """
    if task == "apa":
        return _score_answer(utterance)
    if not has_phone_labels(utterance):
        return None
    words = [plain for word in utterance.words or () for plain in plain_words(word.text)]
    phones = heard_phones(utterance, config.starred)
    return MddAnswer(word_transcript=" ".join(words), phoneme_transcript=" ".join(phones))


def render(answer: Answer) -> str:
    """Return one line of JSON: keys in the order of the fields, a space after each colon and comma."""
    return json.dumps(answer.model_dump(), ensure_ascii=False)


def _score_answer(utterance: Utterance) -> ApaAnswer | None:
    scores = whole_scores(utterance)
    return None if scores is None else ApaAnswer.model_validate(scores)


# ---------------------------------------------------------------------------------- from text to answer


def parse(task: Task, text: str) -> Answer | Unparsable:
    """Parse what the model wrote; never raises, whatever the text is.

    The form is strict: one JSON object with the keys of the task and no others, integers from 0 to 10, known
    phones. White space, the order of keys, stress digits, and case and punctuation of words do not matter.
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
