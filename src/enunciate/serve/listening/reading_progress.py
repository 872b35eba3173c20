"""The progress of a reading through its text, and the phrases whose results were sent.

The result of a phrase is sent at a pause, if the words up to a punctuation mark were said by then. The engine
is given the text up to one such mark: first the one that fits the seconds of speech; then, if its last word
was not said or more speech follows it, the one before or after. The next phrase begins after the one that was
sent, in the text and in the audio, so that the work does not grow with the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from enunciate.schema import PhoneResult, PhraseResult, WordResult

SHORTEST_S = 1.2
"""The result of a shorter phrase is sent together with the next one."""
FASTEST_WORDS_PER_S = 8.0
"""The most words in a second of speech without pauses, by which a phrase cannot be over before enough speech
was heard."""
LATEST_S = 0.35
"""If the speech goes on for longer than this after the last word, more words were said."""
_USUAL_WORDS_PER_S = 3.0
_MOST_TRIES = 3
_PHRASE_END = re.compile(r"[.,;:!?\u2026](?!\w)[\"'\u2019\u201d)]*")


@dataclass(frozen=True)
class Candidate:
    """A part of the text that may be what was said since the last phrase."""

    start: int
    """Index of its first character."""
    end: int
    n_words: int


class ReadingProgress:
    """Follows one reading. All times are seconds from the start of the recording."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._words_per_s = _USUAL_WORDS_PER_S
        self._not_before_s = 0.0
        self._n_phrases = 0
        self._speech_before_s = 0.0
        self.cut_s = 0.0
        """The time at which the audio of the next phrase begins."""

    @property
    def has_told(self) -> bool:
        """Whether the result of any phrase was sent."""
        return self._n_phrases > 0

    @property
    def rest(self) -> Candidate | None:
        """The part of the text without a result; None if there is none left."""
        words = self._text[self._at :].split()
        return Candidate(self._at, len(self._text), len(words)) if words else None

    def text_of(self, candidate: Candidate) -> str:
        """Return the text of a candidate."""
        return self._text[candidate.start : candidate.end]

    def candidates(self, speech_s: float) -> list[Candidate]:
        """Return what may have been said, the likeliest first; nothing where that cannot be a phrase.

        Args:
            speech_s: Seconds of speech in the whole recording, without its pauses.
        """
        heard_s = speech_s - self._speech_before_s
        if heard_s < max(SHORTEST_S / 2, self._not_before_s):
            return []
        ends = [self._at + match.end() for match in _PHRASE_END.finditer(self._text[self._at :])]
        parts = [Candidate(self._at, end, len(self._text[self._at : end].split())) for end in ends]
        parts = [part for part in parts if 0 < part.n_words <= heard_s * FASTEST_WORDS_PER_S]
        return sorted(parts, key=lambda part: abs(part.n_words / self._words_per_s - heard_s))[:_MOST_TRIES]

    def accept(self, candidate: Candidate, speech_s: float, pause_s: float) -> None:
        """Note that a candidate was said and its result was sent.

        Args:
            candidate: One of `candidates`.
            speech_s: As `candidates` takes it.
            pause_s: A moment in the pause after it.
        """
        heard_s = speech_s - self._speech_before_s
        self._words_per_s = (self._words_per_s + candidate.n_words / max(heard_s, 0.1)) / 2
        self._at, self.cut_s = candidate.end, pause_s
        self._speech_before_s, self._not_before_s = speech_s, 0.0

    def put_off(self, speech_s: float, n_missing: int) -> None:
        """Note that some words are still to be said before the phrase can be over."""
        self._not_before_s = speech_s - self._speech_before_s + n_missing / FASTEST_WORDS_PER_S

    def told(
        self, phrases: Iterable[PhraseResult], candidate: Candidate, start_s: float
    ) -> list[PhraseResult]:
        """Return phrases with their places in the whole recording and the whole text.

        Args:
            phrases: Of the audio from `start_s` and the text of the candidate.
            candidate: The part of the text.
            start_s: Where that audio begins.
        """
        moved = [
            _moved(phrase, self._n_phrases + number, start_s, candidate.start)
            for number, phrase in enumerate(phrases)
        ]
        self._n_phrases += len(moved)
        return moved


def n_unsaid(words: Sequence[WordResult]) -> int:
    """Return how many words at the end of a text were not said."""
    said = [number for number, word in enumerate(words) if word.error != "omission"]
    return len(words) - (said[-1] + 1 if said else 0)


def _moved(phrase: PhraseResult, index: int, by_s: float, by_characters: int) -> PhraseResult:
    return phrase.model_copy(
        update={
            "index": index,
            "start_s": phrase.start_s + by_s,
            "end_s": phrase.end_s + by_s,
            "words": tuple(_moved_word(word, by_s, by_characters) for word in phrase.words),
            "phones": tuple(_moved_phone(phone, by_s) for phone in phrase.phones),
        }
    )


def _moved_word(word: WordResult, by_s: float, by_characters: int) -> WordResult:
    return word.model_copy(
        update={
            "start_s": None if word.start_s is None else word.start_s + by_s,
            "end_s": None if word.end_s is None else word.end_s + by_s,
            "text_start": None if word.text_start is None else word.text_start + by_characters,
            "text_end": None if word.text_end is None else word.text_end + by_characters,
            "phones": tuple(_moved_phone(phone, by_s) for phone in word.phones),
        }
    )


def _moved_phone(phone: PhoneResult, by_s: float) -> PhoneResult:
    return phone.model_copy(
        update={
            "start_s": None if phone.start_s is None else phone.start_s + by_s,
            "end_s": None if phone.end_s is None else phone.end_s + by_s,
        }
    )
