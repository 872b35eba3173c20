"""Azure's pronunciation assessment: what its header asks for, and an `Assessment` in the form of its answer.

Field names, nesting, scales and defaults are those that Microsoft documents for its REST interface for short
audio ("Speech to text REST API for short audio" and "Use pronunciation assessment", as of November 2025),
where scores stand directly in an entry, a word and a phoneme. Whatever we do not know is left out.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from enunciate.phones import to_ipa
from enunciate.phones.inventory import PHONES
from enunciate.schema import Assessment, PhoneResult, Score, WordResult

TICKS_PER_S = 10_000_000
"""Times are in units of 100 ns."""

Fields = dict[str, Any]


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class Options(BaseModel):
    """What the `Pronunciation-Assessment` header asks for. Names and values count in any case, as there."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, alias_generator=lambda name: name.replace("_", "")
    )

    reference_text: Annotated[str, Field(max_length=5_000)] = ""
    grading_system: Annotated[Literal["fivepoint", "hundredmark"], BeforeValidator(_lower)] = "fivepoint"
    granularity: Annotated[Literal["phoneme", "word", "fulltext"], BeforeValidator(_lower)] = "phoneme"
    dimension: Annotated[Literal["basic", "comprehensive"], BeforeValidator(_lower)] = "basic"
    enable_miscue: bool = False
    enable_prosody_assessment: bool = False
    phoneme_alphabet: Annotated[Literal["ipa", "sapi"], BeforeValidator(_lower)] = "sapi"
    n_best_phoneme_count: Annotated[int, Field(ge=0)] = 0


def read_options(header: str) -> Options:
    """Read the header.

    Raises:
        ValueError: it is not base64 of a JSON object, or a value is none that Azure takes; the message says
            which.
    """
    try:
        decoded = base64.b64decode(header + "=" * (-len(header) % 4), validate=True).decode("utf-8")
        value: Any = json.loads(decoded)
    except (binascii.Error, ValueError, RecursionError):
        raise ValueError("Pronunciation-Assessment is not base64 of JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise ValueError("Pronunciation-Assessment is not a JSON object")
    try:
        return Options.model_validate({key.lower(): v for key, v in cast(Fields, value).items()})
    except ValidationError as error:
        wrong = "; ".join(f"{found['loc'][0]}: {found['msg']}" for found in error.errors())
        raise ValueError(f"Pronunciation-Assessment: {wrong}") from None


def answer(assessment: Assessment, options: Options) -> Fields:
    """The answer to a request for detailed results."""
    if not assessment.phones:
        return no_speech("NoMatch", assessment.duration_s)
    best = _spoken(assessment) | _scores(assessment, options)
    if options.granularity != "fulltext" and assessment.words:
        best["Words"] = [_word(word, options) for word in assessment.words]
    said = [part for part in assessment.words or assessment.phones if part.start_s is not None]
    fields: Fields = {"RecognitionStatus": "Success"}
    if said:
        fields |= _times(said[0].start_s, said[-1].end_s)
    if "Display" in best:
        fields["DisplayText"] = best["Display"]
    return fields | {"NBest": [best]}


def no_speech(status: Literal["NoMatch", "InitialSilenceTimeout"], duration_s: float) -> Fields:
    """The answer where there is nothing to assess."""
    return {"RecognitionStatus": status, "Offset": _ticks(duration_s), "Duration": 0}


def _ticks(time_s: float) -> int:
    return round(time_s * TICKS_PER_S)


def _times(start_s: float | None, end_s: float | None) -> Fields:
    if start_s is None or end_s is None:
        return {}
    return {"Offset": _ticks(start_s), "Duration": _ticks(end_s) - _ticks(start_s)}


def _spoken(assessment: Assessment) -> Fields:
    """What was said: as the engine heard it or, where it hears no words, the words that it found."""
    if assessment.transcript is not None:
        lexical = display = assessment.transcript
    elif assessment.words:
        said = [word.text for word in assessment.words if word.error != "omission"]
        lexical = " ".join(said).lower()
        whole = len(said) == len(assessment.words) and assessment.text and "{" not in assessment.text
        display = str(assessment.text) if whole else " ".join(said)
    else:
        return {}
    return {"Lexical": lexical, "ITN": lexical, "MaskedITN": lexical, "Display": display}


def _scores(assessment: Assessment, options: Options) -> Fields:
    """Scores of the whole. `Basic` asks for the accuracy alone."""
    prosodic = assessment.prosodic if options.enable_prosody_assessment else None
    scores: dict[str, Score | None] = {"AccuracyScore": assessment.accuracy}
    if options.dimension == "comprehensive":
        scores |= {"FluencyScore": assessment.fluency, "CompletenessScore": assessment.completeness}
    scores["ProsodyScore"] = prosodic
    fields: Fields = {name: _mark(score.value / 10, options) for name, score in scores.items() if score}
    if options.dimension == "comprehensive" and assessment.accuracy and assessment.fluency:
        parts = (assessment.accuracy, assessment.fluency, assessment.completeness, prosodic)
        fields["PronScore"] = _mark(overall([score.value / 10 for score in parts if score]), options)
    return fields


def overall(parts: Sequence[float]) -> float:
    """Azure's documented sum of two to four scores, in which the lowest weighs most.

    It weighs the lowest 0.6, or 0.4 of four, and each other 0.2, or 0.4 of two.
    """
    low, *others = sorted(parts)
    weight = 0.4 if len(others) == 1 else 0.2
    return (1 - weight * len(others)) * low + weight * sum(others)


def _mark(share: float, options: Options) -> float:
    """A score from 0 to 1 on the scale asked for."""
    return round(share * (100 if options.grading_system == "hundredmark" else 5), 1)


def _word(word: WordResult, options: Options) -> Fields:
    fields: Fields = {"Word": word.text.lower()} | _times(word.start_s, word.end_s)
    fields["AccuracyScore"] = _mark(word.score.value / 10, options)
    if options.dimension == "comprehensive":
        fields["ErrorType"] = _error_type(word, options)
    if options.granularity == "phoneme":
        fields["Phonemes"] = [_phoneme(phone, options) for phone in word.phones]
    return fields


def _error_type(word: WordResult, options: Options) -> str:
    """An omission is called so only where miscues were asked for."""
    if word.error == "omission" and options.enable_miscue:
        return "Omission"
    return "None" if word.error == "none" else "Mispronunciation"


def _phoneme(phone: PhoneResult, options: Options) -> Fields:
    fields: Fields = {"Phoneme": _sign(phone.phone, options)}
    if phone.score:
        fields["AccuracyScore"] = _mark(phone.score.value / 2, options)
    if options.n_best_phoneme_count:
        # One only: the engines say which phone they heard and how sure they are, and no second choice.
        heard = [] if phone.heard is None else [phone]
        fields["NBestPhonemes"] = [
            {"Phoneme": _sign(str(h.heard), options), "Score": _mark(h.heard_probability, options)}
            for h in heard
        ]
    return fields | _times(phone.start_s, phone.end_s)


def _sign(phone: str, options: Options) -> str:
    """A phone in the alphabet asked for; what is none (`<unk>`, two at once) stays as it is."""
    if phone not in PHONES:
        return phone
    if options.phoneme_alphabet == "ipa":
        return to_ipa(phone)
    return "h" if phone == "HH" else phone.lower()
