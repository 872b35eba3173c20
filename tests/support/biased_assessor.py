"""An engine whose scores are the human ones plus a constant."""

from __future__ import annotations

from support.fake_assessor import assessment_of

from enunciate.schema import PhoneQuality, PhoneResult, Score, WordResult


class BiasedAssessor:
    """Returns the canonical phones, and scores that differ from the human ones by `off`."""

    batch_size = 16

    def __init__(self, off: float) -> None:
        self.off = off

    def assess(self, utterances):
        return [self._assess(utterance) for utterance in utterances]

    def recognise(self, utterances):
        return [("S", "IY") for _ in utterances]

    def _assess(self, utterance):
        value = max(0.0, utterance.scores.total + self.off)
        score = Score(value=value, low=max(0, value - 1), high=min(10, value + 1))
        words = tuple(
            WordResult(
                text=word.text,
                start_s=None,
                end_s=None,
                score=score,
                error="none",
                phones=tuple(phone_of(p, s) for p, s in zip(word.phones, word.phone_scores, strict=True)),
            )
            for word in utterance.words
        )
        update = dict.fromkeys(("accuracy", "fluency", "prosodic", "total"), score)
        update |= {"words": words, "phones": tuple(p for word in words for p in word.phones)}
        bare = assessment_of(utterance.model_copy(update={"text": None}), 1.0, f"off by {self.off}")
        return bare.model_copy(update=update)


def phone_of(phone: str, score: float) -> PhoneResult:
    return PhoneResult(
        phone=phone,
        start_s=None,
        end_s=None,
        heard=phone if score else "K",
        heard_probability=0.5,
        score=PhoneQuality(value=score, low=0, high=2),
        mispronounced=not score,
    )
