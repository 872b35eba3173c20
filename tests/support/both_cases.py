"""Two engines that answer what a test says: `pocket` in phrases, `whisper` with scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from support.fake_assessor import phone_result, score

from enunciate.errors import AudioTooLongError
from enunciate.schema import ASPECTS, Assessment, Clip, Notice, PhraseResult, Utterance, WordResult

RATE_HZ = 16_000


def scores(value: float) -> dict:
    return {aspect: score(value) for aspect in ASPECTS}


def phrase(
    index: int, start_s: float, end_s: float, value: float, text: str | None = None, n_phones: int = 4
) -> PhraseResult:
    """Build a phrase whose scores are all alike; its words, if it has any, have no phones of their own."""
    words = [
        WordResult(text=word, start_s=start_s, end_s=end_s, score=score(9), error="none", phones=())
        for word in (text or "").split()
    ]
    return PhraseResult(
        index=index,
        start_s=start_s,
        end_s=end_s,
        **scores(value),
        words=tuple(words),
        phones=tuple(phone_result("AH", start_s) for _ in range(n_phones)),
    )


class FakePocket:
    """Tells these phrases of every clip; the whole has their scores, weighted by phones, or others."""

    name = "pocket 0"

    def __init__(self, *told: PhraseResult, whole: dict | None = None, warning: str | None = None) -> None:
        self._told, self._whole, self._warning = told, whole, warning

    def assess_stream(self, utterance: Utterance, progress=None):
        kept: list[PhraseResult] = []
        for one in self._told:
            kept[one.index :] = [one]
            yield one
        weights = [len(one.phones) for one in kept]
        means = {a: np.average([getattr(one, a).value for one in kept], weights=weights) for a in ASPECTS}
        yield Assessment(
            id=utterance.id,
            model=self.name,
            duration_s=kept[-1].end_s,
            text=utterance.text,
            used_reference=utterance.text is not None,
            **(self._whole or {aspect: score(mean) for aspect, mean in means.items()}),
            completeness=None,
            words=tuple(word for one in kept for word in one.words),
            phones=tuple(phone for one in kept for phone in one.phones),
            pauses=(),
            rates=None,
            warnings=(Notice(code=self._warning, message="so it is"),) if self._warning else (),
        )

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        return [("P",) for _ in utterances]


class FakeWhisper:
    """Gives a clip the score of its text in small letters, or that of None; refuses other texts."""

    name = "whisper 0"

    def __init__(self, values: dict[str | None, float | None], phones: tuple[str, ...] = ("W",)) -> None:
        self._values, self._phones = values, phones
        self.asked: list[tuple[float, str | None]] = []
        """The seconds and the texts of the clips."""

    def score_clips(self, clips: Sequence[tuple[np.ndarray, str | None]]) -> list[dict]:
        self.asked += [(len(samples) / RATE_HZ, text) for samples, text in clips]
        return [self._scores(text and text.lower()) for _, text in clips]

    def _scores(self, text: str | None) -> dict:
        if text not in self._values:
            raise AudioTooLongError("it cannot be scored")
        value = self._values[text]
        return dict.fromkeys(ASPECTS) if value is None else scores(value)

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        return [self._phones for _ in utterances]


def utterance(seconds: float, text: str | None = "one two") -> Utterance:
    """A clip that is loud from the first to the last of its seconds."""
    samples = np.sin(np.arange(round(seconds * RATE_HZ)), dtype=np.float64).astype(np.float32) / 3
    return Utterance(id="a", audio=Clip(samples=samples, sample_rate_hz=RATE_HZ), text=text)
