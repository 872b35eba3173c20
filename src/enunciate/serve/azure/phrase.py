"""The body of `speech.phrase`, the answer for Azure's Speech SDKs: the REST answer in another nesting.

Scores stand in an object `PronunciationAssessment`, where the SDKs look for them. What they require and this
engine does not know is empty: the text and the words of a clip without reference text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from enunciate.assembly.words import completeness
from enunciate.phones import to_ipa
from enunciate.phones.inventory import PHONES
from enunciate.schema import Assessment, PhraseResult, WordResult
from enunciate.serve.azure.options import AzureOptions
from enunciate.serve.azure.prosody import prosody_feedback
from enunciate.serve.azure.response import Fields, response
from enunciate.serve.azure.syllables import syllable_fields
from enunciate.serve.azure.ticks import ticks
from enunciate.serve.azure.unread import ENTRY_SCORES

_WORD_SCORES = ("AccuracyScore", "ErrorType", "Feedback")
_PHONE_SCORES = ("AccuracyScore", "NBestPhonemes")
_FEWEST_INSERTED = 2
"""The least number of phones heard after a word that count as an inserted word; a single one is part of the
word's own errors."""


def phrase_bodies(
    assessment: Assessment, phrases: Sequence[PhraseResult], options: AzureOptions, start_s: float
) -> Iterator[Fields]:
    """Yield the body of each phrase.

    Args:
        assessment: The whole clip.
        phrases: Its phrases, to be told one by one; without any, the clip is told as one.
        options: What the client asked for.
        start_s: Where the clip begins in the audio of the turn, in seconds.
    """
    for part in [_alone(assessment, phrase) for phrase in phrases] or [assessment]:
        yield _phrase_body(part, assessment.text, options, start_s)


def _phrase_body(assessment: Assessment, text: str | None, options: AzureOptions, start_s: float) -> Fields:
    """Return the body for one assessment; `text` is that of the whole clip."""
    options = options.model_copy(update={"dimension": "comprehensive"})  # the SDKs require all scores
    fields = response(assessment, options)
    best: Fields = fields["NBest"][0] if "NBest" in fields else {}
    if best:
        _complete(best, assessment, text, options)
        fields.setdefault("DisplayText", best["Display"])
    if assessment.snr_db is not None:
        fields["SNR"] = round(assessment.snr_db, 1)
    for word in best.get("Words", []):
        _shift([word, *word.get("Syllables", []), *word.get("Phonemes", [])], start_s)
    _shift([fields], start_s)
    return fields


def _alone(assessment: Assessment, phrase: PhraseResult) -> Assessment:
    """Return one phrase in the form of an assessment."""
    starts = [word.text_start for word in phrase.words if word.text_start is not None]
    ends = [word.text_end for word in phrase.words if word.text_end is not None]
    text = (
        assessment.text[min(starts) : max(ends) + 1].strip() if assessment.text and starts and ends else None
    )
    return assessment.model_copy(
        update={
            "text": text,
            "accuracy": phrase.accuracy,
            "fluency": phrase.fluency,
            "prosodic": phrase.prosodic,
            "total": phrase.total,
            "completeness": completeness(phrase.words),
            "words": phrase.words,
            "phones": phrase.phones,
        }
    )


def _complete(best: Fields, assessment: Assessment, text: str | None, options: AzureOptions) -> None:
    """Nest the scores of an entry, and add what the SDKs require."""
    for name in ("Lexical", "ITN", "MaskedITN", "Display"):
        best.setdefault(name, "")
    if not assessment.words:
        best.setdefault("CompletenessScore", _full_marks(options))
    if options.granularity != "fulltext":
        words: list[Fields] = best.get("Words", [])
        feedback = prosody_feedback(assessment.words, text) if options.enable_prosody_assessment else []
        for fields, prosody in zip(words, feedback, strict=False):
            fields["Feedback"] = {"Prosody": prosody}
        best["Words"] = [
            entry
            for fields, word in zip(words, assessment.words, strict=True)
            for entry in _word_entries(fields, word, options)
        ]
    _nest(best, ENTRY_SCORES)


def _full_marks(options: AzureOptions) -> float:
    return 100.0 if options.grading_system == "hundredmark" else 5.0


def _word_entries(fields: Fields, word: WordResult, options: AzureOptions) -> Iterator[Fields]:
    """Yield a word and, with miscues, the word that was inserted after it."""
    if options.granularity == "phoneme":
        fields["Syllables"] = syllable_fields(word, options)
    if fields.get("ErrorType") == "Omission":
        fields |= {"Offset": 0, "Duration": 0}
        fields.pop("Feedback", None)
        if "Phonemes" in fields:
            fields["Phonemes"] = fields["Syllables"] = []
    for phone in fields.get("Phonemes", []):
        _nest(phone, _PHONE_SCORES)
    _nest(fields, _WORD_SCORES)
    yield fields
    if options.enable_miscue and len(word.inserted) >= _FEWEST_INSERTED:
        yield _insertion(word, options)


def _insertion(word: WordResult, options: AzureOptions) -> Fields:
    """Return a word that is not in the text: nobody knows its spelling, so it is named by its sounds."""
    sounds = "".join(to_ipa(phone) if phone in PHONES else phone for phone in word.inserted)
    fields: Fields = {"Word": f"/{sounds}/", "PronunciationAssessment": {"ErrorType": "Insertion"}}
    if word.end_s is not None:
        fields |= {"Offset": ticks(word.end_s), "Duration": 0}
    return fields | ({"Syllables": [], "Phonemes": []} if options.granularity == "phoneme" else {})


def _nest(fields: Fields, names: Sequence[str]) -> None:
    inner: dict[str, Any] = {name: fields.pop(name) for name in names if name in fields}
    fields["PronunciationAssessment"] = inner


def _shift(parts: Sequence[Fields], start_s: float) -> None:
    """Make times count from the start of the turn; an omitted word has none."""
    for part in parts:
        if part.get("Offset") or part.get("Duration"):
            part["Offset"] += ticks(start_s)
