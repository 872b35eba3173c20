"""`Feedback.Prosody` of Azure: breaks between words where the text has none, and the other way round.

Azure's confidences and its feedback on intonation are missing: no engine here estimates them.
"""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.schema import WordResult
from enunciate.serve.azure.ticks import ticks

UNEXPECTED_BREAK_S = 0.3
"""A pause of this length before a word is unexpected where the text has no punctuation mark before it."""
MISSING_BREAK_S = 0.05
"""A shorter pause at the end of a sentence counts as missing."""
_PUNCTUATION, _SENTENCE_END = '.,;:!?…—–-()"', ".;:!?…"


def prosody_feedback(words: Sequence[WordResult], text: str | None) -> list[dict[str, object]]:
    """Return the feedback on each word, in order.

    Args:
        words: Words of a reading. Breaks are judged where they have their place in the text.
        text: The whole text.
    """
    previous: WordResult | None = None
    feedback: list[dict[str, object]] = []
    for word in words:
        feedback.append({"Break": _break(text, previous, word)})
        previous = word if word.error != "omission" else previous
    return feedback


def _break(text: str | None, previous: WordResult | None, word: WordResult) -> dict[str, object]:
    if previous is None or previous.end_s is None or word.start_s is None or word.error == "omission":
        return {"ErrorTypes": ["None"], "BreakLength": 0}
    pause_s = max(0.0, word.start_s - previous.end_s)
    between = _between(text, previous, word)
    error = "None"
    if between is not None:
        if pause_s >= UNEXPECTED_BREAK_S and not any(sign in _PUNCTUATION for sign in between):
            error = "UnexpectedBreak"
        elif pause_s < MISSING_BREAK_S and any(sign in _SENTENCE_END for sign in between):
            error = "MissingBreak"
    return {"ErrorTypes": [error], "BreakLength": ticks(pause_s)}


def _between(text: str | None, previous: WordResult, word: WordResult) -> str | None:
    """Return what stands in the text between two words; None where that is unknown."""
    if text is None or previous.text_end is None or word.text_start is None:
        return None
    return text[previous.text_end : word.text_start]
