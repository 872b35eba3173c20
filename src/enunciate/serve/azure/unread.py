"""The body of `speech.phrase` for the end of a text that nobody read."""

from __future__ import annotations

import re
from typing import Any

from enunciate.serve.azure.options import AzureOptions
from enunciate.serve.azure.ticks import ticks

ENTRY_SCORES = ("AccuracyScore", "FluencyScore", "CompletenessScore", "ProsodyScore", "PronScore")
"""The scores of an entry, in which the SDKs look for them in an object."""
_PRONUNCIATION = re.compile(r"\{[^}]*\}")
_WORD = re.compile(r"\w(?:\S*\w)?")


def unread_body(text: str, options: AzureOptions, at_s: float) -> dict[str, Any]:
    """Return the body for the end of a text that nobody read: its words are omissions, and its scores 0.

    Args:
        text: The part of the text.
        options: What the client asked for.
        at_s: Where the audio of the turn ends, in seconds.
    """
    no_scores: dict[str, Any] = dict.fromkeys(ENTRY_SCORES, 0.0)
    if not options.enable_prosody_assessment:
        del no_scores["ProsodyScore"]
    omitted = {"Offset": 0, "Duration": 0}
    omitted |= {"PronunciationAssessment": {"AccuracyScore": 0.0, "ErrorType": "Omission"}}
    if options.granularity == "phoneme":
        omitted |= {"Syllables": [], "Phonemes": []}
    best: dict[str, Any] = dict.fromkeys(("Lexical", "ITN", "MaskedITN", "Display"), "")
    best["PronunciationAssessment"] = no_scores
    if options.granularity != "fulltext":
        words = _WORD.findall(_PRONUNCIATION.sub("", text))
        best["Words"] = [{"Word": word.lower()} | omitted for word in words]
    times = {"Offset": ticks(at_s), "Duration": 0}
    return {"RecognitionStatus": "Success", "DisplayText": "", "NBest": [best]} | times
