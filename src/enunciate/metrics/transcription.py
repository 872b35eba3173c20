"""What an engine heard, as words and phones: the error rates of the published speech language model.

Ahn and Nam (2025) report a word error rate against the text, a phone error rate against the phones that
people *heard*, with precision, recall and F1 of matching phones along the same alignment, and how the phone
error rate of single utterances goes with their accuracy score (their Figure 5).

`<unk>` is a symbol like any other, and so is `K*`: where people heard a wrong sound that nobody wrote down,
an engine is right if it says `<unk>`, and wrong if it names any phone. That is what such a model is trained
to say, and it is hard on an engine that knows phones only: `recognition.per_without_text` takes the canonical
phone there, and counts `K*` as `K`.

Failures: no transcript or no phones, an answer that did not parse included, count as all deletions. In the
correlations of the error rate of single utterances they count as no information, as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enunciate.corpus.labels import heard_phones
from enunciate.errors import MissingExtraError
from enunciate.metrics.bootstrap import pcc_interval, ratio_interval
from enunciate.metrics.correlation import correlate, pair_answers
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.records import PerAndAccuracy, PhoneMatch, Relation, Transcription
from enunciate.phones import strip_stress
from enunciate.phones.alignment import EditCounts, count_edits, pooled
from enunciate.phones.plain_words import plain_words
from enunciate.schema import Utterance


@dataclass(frozen=True)
class Heard:
    """One utterance that has a reference, and the edits of what was heard."""

    pair: Evaluated
    edits: EditCounts


def transcription(pairs: Sequence[Evaluated]) -> Transcription:
    """Computes the figures; see the module.

    Raises:
        CorpusError: labels that do not fit the canonical phones.
        MissingExtraError: jiwer, scipy or kaldialign is not installed.
    """
    words, phones = word_edits(pairs), phone_edits(pairs)
    unparsable = [answer.task for pair in pairs if pair.assessment for answer in pair.assessment.unparsable]
    return Transcription(
        wer=_rate(words),
        wer_ci95=_interval(words),
        per=_rate(phones),
        per_ci95=_interval(phones),
        phone_match=PhoneMatch.of(pooled(heard.edits for heard in phones)),
        per_and_accuracy=PerAndAccuracy(
            human=_relation(phones, [_human_accuracy(heard.pair) for heard in phones]),
            predicted=_relation(phones, [_predicted_accuracy(heard.pair) for heard in phones]),
        ),
        n_unparsable=len(unparsable),
        n_unparsable_apa=unparsable.count("apa"),
        n_unparsable_mdd=unparsable.count("mdd"),
    )


def count_word_edits(reference: Sequence[str], hypothesis: Sequence[str]) -> EditCounts:
    """Edits between words, by jiwer; the reference must not be empty.

    Raises:
        MissingExtraError: jiwer is not installed.
    """
    try:
        import jiwer
    except ImportError as error:
        raise MissingExtraError("jiwer", "eval") from error
    found = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    return EditCounts(found.hits, found.substitutions, found.deletions, found.insertions)


def word_edits(pairs: Sequence[Evaluated]) -> list[Heard]:
    """Edits of the transcripts against the text.

    Empty where the engine hears no words at all; then there is no rate.
    """
    if not any(_transcribes(pair) for pair in pairs):
        return []
    known = [(pair, reference) for pair in pairs if (reference := _reference_words(pair.utterance))]
    return [Heard(pair, count_word_edits(reference, _heard_words(pair))) for pair, reference in known]


def _transcribes(pair: Evaluated) -> bool:
    return pair.assessment is not None and (pair.assessment.transcript is not None or _is_unparsable(pair))


def _is_unparsable(pair: Evaluated) -> bool:
    """Whether the answer with words and phones did not parse."""
    return pair.assessment is not None and any(a.task == "mdd" for a in pair.assessment.unparsable)


def _reference_words(utterance: Utterance) -> tuple[str, ...]:
    if utterance.words:
        return tuple(plain for word in utterance.words for plain in plain_words(word.text))
    return plain_words(utterance.text or "")


def _heard_words(pair: Evaluated) -> tuple[str, ...]:
    return plain_words((pair.assessment.transcript if pair.assessment else None) or "")


def phone_edits(pairs: Sequence[Evaluated]) -> list[Heard]:
    """Edits of the phones recognised against those that people heard.

    Empty where the engine recognises nothing without the text.
    """
    if all(pair.free_phones is None for pair in pairs):
        return []
    # An utterance without reference phones would only add insertions against nothing.
    known = [(pair, heard) for pair in pairs if (heard := heard_phones(pair.utterance))]
    return [
        Heard(pair, count_edits(reference, [strip_stress(phone) for phone in pair.free_phones or ()]))
        for pair, reference in known
    ]


def _rate(heard: Sequence[Heard]) -> float | None:
    return pooled(one.edits for one in heard).error_rate


def _interval(heard: Sequence[Heard]) -> tuple[float, float] | None:
    rows = [(one.edits.errors, one.edits.n_reference) for one in heard]
    return ratio_interval(rows, [one.pair.speaker for one in heard])


def _relation(phones: Sequence[Heard], accuracy: Sequence[float | None]) -> Relation:
    """How accuracy goes with the phone error rate of utterances; those without an accuracy are left out."""
    answers = pair_answers(accuracy, [own_rate(heard) for heard in phones])
    found = correlate(answers)
    speakers = [phones[int(i)].pair.speaker for i in answers.index]
    return Relation(
        n=found.n,
        n_unanswered=found.n_unanswered,
        pcc=found.pcc,
        ci95=None if found.pcc is None else pcc_interval(answers.human, answers.predicted, speakers),
        p_value=found.p_value,
    )


def own_rate(heard: Heard) -> float | None:
    """The phone error rate of one utterance. None, and not 1, for a failure: a made-up rate could help."""
    failed = heard.pair.free_phones is None or _is_unparsable(heard.pair)
    return None if failed else heard.edits.error_rate


def _human_accuracy(pair: Evaluated) -> float | None:
    return pair.utterance.scores.accuracy if pair.utterance.scores else None


def _predicted_accuracy(pair: Evaluated) -> float | None:
    return pair.assessment.accuracy.value if pair.assessment and pair.assessment.accuracy else None
