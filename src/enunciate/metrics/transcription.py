"""Error rates of transcribed words and phones, as published for the speech language model.

Ahn and Nam (2025) report a word error rate against the text, a phone error rate against the phones that
human raters *heard*, with precision, recall and F1 of matching phones along the same alignment, and the
correlation of the phone error rates of single utterances with their accuracy scores (their Figure 5).

`<unk>` is a symbol like any other, and so is `K*`: where raters heard a wrong sound that nobody wrote down,
an engine is right if it answers `<unk>`, and wrong if it names any phone. Such a model is trained to answer
so, but this is hard on an engine that knows phones only: `recognition.per_without_text` takes the canonical
phone there, and counts `K*` as `K`.

A missing or unparsable transcript counts as all deletions. In the correlations of the error rates of single
utterances it counts as no information, as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enunciate.corpus.labels import heard_phones
from enunciate.errors import MissingExtraError
from enunciate.metrics.agreement import human_score, predicted_score
from enunciate.metrics.bootstrap import Interval, pcc_interval, ratio_interval
from enunciate.metrics.correlation import correlate, pair_answers
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.records import ErrorRateCorrelation, PerAndAccuracy, PhoneMatch, Transcription
from enunciate.metrics.reference_words import closest_words
from enunciate.phones import strip_stress
from enunciate.phones.alignment import EditCounts, count_edits, pooled
from enunciate.reading.plain_words import plain_words


@dataclass(frozen=True)
class UtteranceEdits:
    """An utterance that has a reference, and the edits between that and the transcript."""

    pair: Evaluated
    edits: EditCounts


def transcription(pairs: Sequence[Evaluated]) -> Transcription:
    """Compute the metrics; see the module.

    Raises:
        CorpusError: Labels do not fit the canonical phones.
        MissingExtraError: jiwer, scipy or kaldialign is not installed.
    """
    words, phones = word_edits(pairs), phone_edits(pairs)
    unparsable = [answer.task for pair in pairs if pair.assessment for answer in pair.assessment.unparsable]
    return Transcription(
        wer=_error_rate(words),
        wer_ci95=_interval(words),
        per=_error_rate(phones),
        per_ci95=_interval(phones),
        phone_match=PhoneMatch.from_edits(pooled(one.edits for one in phones)),
        per_and_accuracy=PerAndAccuracy(
            human=_correlate_with(phones, [human_score(one.pair, "accuracy") for one in phones]),
            predicted=_correlate_with(phones, [_predicted_accuracy(one.pair) for one in phones]),
        ),
        n_unparsable=len(unparsable),
        n_unparsable_apa=unparsable.count("apa"),
        n_unparsable_mdd=unparsable.count("mdd"),
    )


def count_word_edits(reference: Sequence[str], hypothesis: Sequence[str]) -> EditCounts:
    """Count the edits between words, by jiwer; the reference must not be empty.

    Raises:
        MissingExtraError: jiwer is not installed.
    """
    try:
        import jiwer
    except ImportError as error:
        raise MissingExtraError("jiwer", "eval") from error
    output = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    return EditCounts(output.hits, output.substitutions, output.deletions, output.insertions)


def word_edits(pairs: Sequence[Evaluated]) -> list[UtteranceEdits]:
    """Return the edits between the reference texts and the transcripts.

    Empty where the engine transcribes no words at all; then there is no rate.
    """
    if not any(_transcribes(pair) for pair in pairs):
        return []
    known = [(pair, reference) for pair in pairs if (reference := _reference_words(pair))]
    return [UtteranceEdits(pair, count_word_edits(words, _transcribed_words(pair))) for pair, words in known]


def _transcribes(pair: Evaluated) -> bool:
    return pair.assessment is not None and (pair.assessment.transcript is not None or _is_unparsable(pair))


def _is_unparsable(pair: Evaluated) -> bool:
    """Whether the answer with words and phones could not be parsed."""
    return pair.assessment is not None and any(a.task == "mdd" for a in pair.assessment.unparsable)


def _reference_words(pair: Evaluated) -> tuple[str, ...]:
    utterance = pair.utterance
    if utterance.words:
        return tuple(plain for word in utterance.words for plain in plain_words(word.text))
    return closest_words(utterance.text, _transcribed_words(pair)) if utterance.text else ()


def _transcribed_words(pair: Evaluated) -> tuple[str, ...]:
    return plain_words((pair.assessment.transcript if pair.assessment else None) or "")


def phone_edits(pairs: Sequence[Evaluated]) -> list[UtteranceEdits]:
    """Return the edits between the phones that human raters heard and those recognised without reference.

    Empty where the engine recognises nothing without a text.
    """
    if all(pair.recognised_phones is None for pair in pairs):
        return []
    # An utterance without reference phones would add nothing but insertions.
    known = [(pair, reference) for pair in pairs if (reference := heard_phones(pair.utterance))]
    return [
        UtteranceEdits(pair, count_edits(phones, [strip_stress(p) for p in pair.recognised_phones or ()]))
        for pair, phones in known
    ]


def utterance_error_rate(phones: UtteranceEdits) -> float | None:
    """Return the phone error rate of an utterance; None, not 1, for a failure: a made-up rate could help."""
    failed = phones.pair.recognised_phones is None or _is_unparsable(phones.pair)
    return None if failed else phones.edits.error_rate


def _error_rate(utterances: Sequence[UtteranceEdits]) -> float | None:
    return pooled(one.edits for one in utterances).error_rate


def _interval(utterances: Sequence[UtteranceEdits]) -> Interval | None:
    rows = [(one.edits.errors, one.edits.n_reference) for one in utterances]
    return ratio_interval(rows, [one.pair.speaker for one in utterances])


def _correlate_with(
    phones: Sequence[UtteranceEdits], accuracy: Sequence[float | None]
) -> ErrorRateCorrelation:
    """Correlate phone error rates with accuracy; utterances without an accuracy are left out."""
    answers = pair_answers(accuracy, [utterance_error_rate(one) for one in phones])
    correlation = correlate(answers)
    speakers = [phones[int(i)].pair.speaker for i in answers.index]
    return ErrorRateCorrelation(
        n=correlation.n,
        n_unanswered=correlation.n_unanswered,
        pcc=correlation.pcc,
        ci95=None if correlation.pcc is None else pcc_interval(answers.human, answers.predicted, speakers),
        p_value=correlation.p_value,
    )


def _predicted_accuracy(pair: Evaluated) -> float | None:
    score = predicted_score(pair, "accuracy")
    return None if score is None else score.value
