"""An `Assessment` in the form of Azure's pronunciation assessment.

Field names, nesting, scales and defaults are those that Microsoft documents for its REST interface for short
audio ("Speech to text REST API for short audio" and "Use pronunciation assessment", as of November 2025),
where scores stand directly in an entry, a word and a phoneme. What is unknown is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from enunciate.phones import to_ipa
from enunciate.phones.inventory import PHONES
from enunciate.schema import Assessment, PhoneResult, Score, WordResult
from enunciate.serve.azure.options import AzureOptions
from enunciate.serve.azure.ticks import ticks

WithoutSpeech = Literal["NoMatch", "InitialSilenceTimeout"]
NO_SPEECH: dict[str | None, WithoutSpeech] = {
    "audio_silent": "InitialSilenceTimeout",
    "audio_no_speech": "NoMatch",
    "text_too_long": "NoMatch",
}
"""Errors of ours that Azure answers with a status: no speech, or much too little for the reference text."""

Fields = dict[str, Any]


def response(assessment: Assessment, options: AzureOptions) -> Fields:
    """Return the response to a request for detailed results."""
    if not assessment.phones:
        return without_speech("NoMatch", assessment.duration_s)
    best = _transcripts(assessment) | _scores(assessment, options)
    if options.granularity != "fulltext" and assessment.words:
        best["Words"] = [_word(word, options) for word in assessment.words]
    spoken = [part for part in assessment.words or assessment.phones if part.start_s is not None]
    fields: Fields = {"RecognitionStatus": "Success"}
    if spoken:
        fields |= times(spoken[0].start_s, spoken[-1].end_s)
    if "Display" in best:
        fields["DisplayText"] = best["Display"]
    return fields | {"NBest": [best]}


def without_speech(status: WithoutSpeech, duration_s: float) -> Fields:
    """Return the response for a clip that has nothing to assess."""
    return {"RecognitionStatus": status, "Offset": ticks(duration_s), "Duration": 0}


def times(start_s: float | None, end_s: float | None) -> Fields:
    """Return when something was said; nothing where that is unknown."""
    if start_s is None or end_s is None:
        return {}
    return {"Offset": ticks(start_s), "Duration": ticks(end_s) - ticks(start_s)}


def _transcripts(assessment: Assessment) -> Fields:
    """Return the words that the engine heard or, if it hears none, those of the reference that were said."""
    if assessment.transcript is not None:
        lexical = display = assessment.transcript
    elif assessment.words:
        spoken = [word.text for word in assessment.words if word.error != "omission"]
        lexical = " ".join(spoken).lower()
        complete = len(spoken) == len(assessment.words) and assessment.text and "{" not in assessment.text
        display = str(assessment.text) if complete else " ".join(spoken)
    else:
        return {}
    return {"Lexical": lexical, "ITN": lexical, "MaskedITN": lexical, "Display": display}


def _scores(assessment: Assessment, options: AzureOptions) -> Fields:
    """Return the scores of the utterance; the dimension `Basic` has the accuracy only."""
    prosodic = assessment.prosodic if options.enable_prosody_assessment else None
    scores: dict[str, Score | None] = {"AccuracyScore": assessment.accuracy}
    if options.dimension == "comprehensive":
        scores |= {"FluencyScore": assessment.fluency, "CompletenessScore": assessment.completeness}
    scores["ProsodyScore"] = prosodic
    fields: Fields = {name: grade(score.value / 10, options) for name, score in scores.items() if score}
    if options.dimension == "comprehensive" and assessment.accuracy and assessment.fluency:
        parts = (assessment.accuracy, assessment.fluency, assessment.completeness, prosodic)
        fields["PronScore"] = grade(overall([score.value / 10 for score in parts if score]), options)
    return fields


def overall(parts: Sequence[float]) -> float:
    """Return Azure's documented weighted sum of two to four scores, in which the lowest weighs most.

    The lowest weighs 0.6, or 0.4 if there are four; each other score weighs 0.2, or 0.4 if there are two.
    """
    low, *others = sorted(parts)
    weight = 0.4 if len(others) == 1 else 0.2
    return (1 - weight * len(others)) * low + weight * sum(others)


def grade(share: float, options: AzureOptions) -> float:
    """Return a score from 0 to 1 in the grading system of the request."""
    return round(share * (100 if options.grading_system == "hundredmark" else 5), 1)


def _word(word: WordResult, options: AzureOptions) -> Fields:
    fields: Fields = {"Word": word.text.lower()} | times(word.start_s, word.end_s)
    fields["AccuracyScore"] = grade(word.score.value / 10, options)
    if options.dimension == "comprehensive":
        fields["ErrorType"] = _error_type(word, options)
    if options.granularity == "phoneme":
        fields["Phonemes"] = [_phoneme(phone, options) for phone in word.phones]
    return fields


def _error_type(word: WordResult, options: AzureOptions) -> str:
    """Return the kind of error; an omission is reported as one only if the request enables miscues."""
    if word.error == "omission" and options.enable_miscue:
        return "Omission"
    return "None" if word.error == "none" else "Mispronunciation"


def _phoneme(phone: PhoneResult, options: AzureOptions) -> Fields:
    fields: Fields = {"Phoneme": symbol(phone.phone, options)}
    if phone.score:
        fields["AccuracyScore"] = grade(phone.score.value / 2, options)
    if options.n_best_phoneme_count:
        fields["NBestPhonemes"] = _candidates(phone, options)
    return fields | times(phone.start_s, phone.end_s)


def _candidates(phone: PhoneResult, options: AzureOptions) -> list[Fields]:
    """Return the sounds that may have been said, scored relative to the most probable one, as in Azure."""
    candidates: list[tuple[str, float]] = [(one.phone, one.probability) for one in phone.candidates]
    if not candidates and phone.heard is not None:  # an engine that has no second choice
        candidates = [(phone.heard, 1.0)]
    return [
        {
            "Phoneme": symbol(name, options),
            "Score": grade(probability / max(candidates[0][1], 1e-12), options),
        }
        for name, probability in candidates
    ]


def symbol(phone: str, options: AzureOptions) -> str:
    """Return a phone in the alphabet of the request; anything else (`<unk>`, two phones) stays as it is."""
    if phone not in PHONES:
        return phone
    if options.phoneme_alphabet == "ipa":
        return to_ipa(phone)
    return "h" if phone == "HH" else phone.lower()
