"""The request of a client for one turn, from its message `speech.context` and the address that it called."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from enunciate.serve.azure.options import LANGUAGE, AzureOptions, read_options
from enunciate.serve.listening.segmenter import PAUSE_S, SilenceRules

INITIAL_SILENCE_S = 5.0
END_SILENCE_S = 0.8
"""The silence that ends an utterance without a reference text."""
READING_END_S = 2.0
"""The silence that ends a reading whose text is not said to its end; a learner hesitates."""
READING_PAUSE_S = 0.5
"""The silence that ends a reading whose last word has been said."""
SEGMENT_END_S = 0.5
"""The silence between two utterances without a reference text in continuous recognition."""
LONGEST_SEGMENT_S = 30.0
_SHORTEST_S, _LONGEST_S = 0.1, 60.0
_INITIAL, _SEGMENT, _END = "initialsilencetimeoutms", "segmentationsilencetimeoutms", "endsilencetimeoutms"


class BadTurnError(Exception):
    """A turn that cannot be served; the message says why, for the client."""


@dataclass(frozen=True)
class TurnRequest:
    """The request of a client for one turn."""

    options: AzureOptions
    continuous: bool
    """Whether the turn goes on after an utterance, until the client ends the audio."""
    initial_s: float | None = None
    """The silences that the client chose, in seconds."""
    end_s: float | None = None

    @property
    def text(self) -> str | None:
        """The reference text."""
        return self.options.reference_text.strip() or None

    def silence_rules(self, longest_s: float) -> SilenceRules:
        """Return the rules by which the audio of the turn is cut.

        Args:
            longest_s: the longest clip that the service takes.
        """
        initial_s = self.initial_s or INITIAL_SILENCE_S
        if self.continuous and self.text is None:
            cut_s = min(longest_s, LONGEST_SEGMENT_S)
            return SilenceRules(end_s=self.end_s or SEGMENT_END_S, longest_s=cut_s)
        if self.continuous:
            return SilenceRules(pause_s=self.end_s or PAUSE_S, pauses_until_s=longest_s)
        if self.text is None:
            return SilenceRules(initial_s=initial_s, end_s=self.end_s or END_SILENCE_S, longest_s=longest_s)
        pause_s = None if self.end_s else READING_PAUSE_S
        end_s = self.end_s or READING_END_S
        return SilenceRules(initial_s=initial_s, pause_s=pause_s, end_s=end_s, longest_s=longest_s)


def read_turn_request(body: bytes, query: Mapping[str, str], *, continuous: bool) -> TurnRequest:
    """Read the body of `speech.context`.

    Args:
        body: JSON.
        query: the query parameters of the connection, which may choose the language and the silences.
        continuous: whether the address is one for continuous recognition; the body may choose another mode.

    Raises:
        BadTurnError: the body is not what the protocol says, or asks for what this service does not do.
    """
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise BadTurnError("speech.context is not JSON") from None
    detection = _fields(_fields(value).get("phrasedetection"))
    chosen = {name.lower(): value for name, value in query.items()} | dict(_leaves(detection))
    language = str(detection.get("language") or chosen.get("language") or LANGUAGE)
    if language.lower() != LANGUAGE.lower():
        raise BadTurnError(f"language: '{language[:20]}' is not supported; use {LANGUAGE}")
    asked = _fields(detection.get("enrichment")).get("pronunciationassessment")
    if asked is None:
        raise BadTurnError("no PronunciationAssessmentConfig: this service does not transcribe only")
    try:
        options = read_options(asked, "PronunciationAssessmentConfig")
    except ValueError as error:
        raise BadTurnError(str(error)) from None
    mode = str(detection.get("mode", "")).lower()
    return TurnRequest(
        options=options,
        continuous=mode != "interactive" if mode else continuous,
        initial_s=_seconds(chosen.get(_INITIAL)),
        end_s=_seconds(chosen.get(_SEGMENT)) or _seconds(chosen.get(_END)),
    )


def _fields(value: Any) -> dict[str, Any]:
    """Return the fields of an object with their names in lower case; none if it is no object."""
    if not isinstance(value, dict):
        return {}
    return {name.lower(): field for name, field in cast("dict[str, Any]", value).items()}


def _leaves(fields: Mapping[str, Any], depth: int = 3) -> Iterator[tuple[str, Any]]:
    """Yield the plain fields of an object and of those inside it: SDKs nest the silences by mode."""
    for name, value in fields.items():
        if isinstance(value, dict) and depth:
            yield from _leaves(_fields(cast(Any, value)), depth - 1)
        else:
            yield name, value


def _seconds(milliseconds: Any) -> float | None:
    """Return a time that a client chose, kept in bounds; None for what is no number."""
    try:
        seconds = float(milliseconds) / 1000
    except (TypeError, ValueError):
        return None
    return min(max(seconds, _SHORTEST_S), _LONGEST_S) if seconds > 0 else None
