"""The records of `results.json`; `results` computes them, and `docs/metrics.md` defines every metric.

A metric that is undefined is None, and so is one that a file of an earlier version does not have.
"""

from __future__ import annotations

from enunciate.metrics.bootstrap import Interval
from enunciate.phones.alignment import EditCounts
from enunciate.schema import FrozenModel


class Agreement(FrozenModel):
    """Agreement with human scores; `ci95` is the interval of `pcc`, by bootstrap over speakers."""

    n: int
    n_unanswered: int
    pcc: float | None
    ci95: Interval | None
    mse: float | None
    mse_ci95: Interval | None = None
    p_value: float | None = None
    """Assumes independent items, which those of one speaker are not, and phones least of all."""
    spearman: float | None = None
    """Spearman's rank correlation, which any increasing scale of scores leaves the same."""
    spearman_ci95: Interval | None = None


class AspectAgreement(Agreement):
    """Agreement in one utterance score."""

    pcc_most_likely: float | None
    """The `pcc` of `Score.most_likely` in place of the value; None where the engine gives none."""
    beyond_stopwatch: float | None = None
    """Partial correlation given duration, speech span, number of phones and rate (see `stopwatch`); None
    where these were not computed."""
    beyond_stopwatch_ci95: Interval | None = None


class Apa(FrozenModel):
    """Agreement in the four utterance scores."""

    accuracy: AspectAgreement
    fluency: AspectAgreement
    prosodic: AspectAgreement
    total: AspectAgreement


class WordAgreement(FrozenModel):
    """Agreement of the word score of an engine with two word scores of human raters, from 0 to 10."""

    n_words: int
    n_labelled: int
    """Words that human raters scored; where there are none, as in a part of the corpus, the rest is None."""
    accuracy: Agreement
    total: Agreement


class MddIntervals(FrozenModel):
    """Intervals by bootstrap over speakers."""

    precision: Interval | None
    recall: Interval | None
    far: Interval | None
    frr: Interval | None
    der: Interval | None
    per_with_text: Interval | None


class Mdd(FrozenModel):
    """Mispronunciation detection and diagnosis, over phones (see `mdd.Detection` for the counts)."""

    precision: float | None
    recall: float | None
    f1: float | None
    f1_ci95: Interval | None
    far: float | None
    frr: float | None
    der: float | None
    per_with_text: float | None
    true_positives: int
    false_positives: int
    false_negatives: int
    true_accepts: int
    n_diagnosed: int
    n_misdiagnosed: int
    n_unanswered: int
    n_annotated_utterances: int
    """For the others the reference of both phone error rates is the canonical sequence."""
    ci95: MddIntervals | None = None


class PhoneMatch(FrozenModel):
    """The shares of recognised phones that match (precision) and of reference phones matched (recall)."""

    precision: float | None
    recall: float | None
    f1: float | None

    @classmethod
    def from_edits(cls, edits: EditCounts) -> PhoneMatch:
        """Return the shares, and their harmonic mean, from pooled counts."""
        n_reference, n_hypothesis = edits.n_reference, edits.n_hypothesis
        total = n_reference + n_hypothesis
        return cls(
            precision=edits.hits / n_hypothesis if n_hypothesis else None,
            recall=edits.hits / n_reference if n_reference else None,
            f1=2 * edits.hits / total if total else None,
        )


class Recognition(FrozenModel):
    """Recognition without reference; all None where the engine recognises nothing without a text."""

    per_without_text: float | None
    ci95: Interval | None
    phone_match: PhoneMatch
    n_reference_phones: int


class ErrorRateCorrelation(FrozenModel):
    """Correlation of the phone error rate with an accuracy score over utterances, as in `Agreement`."""

    n: int
    n_unanswered: int
    pcc: float | None
    ci95: Interval | None
    p_value: float | None


class PerAndAccuracy(FrozenModel):
    """Correlation of the phone error rates of single utterances with their accuracy scores."""

    human: ErrorRateCorrelation
    predicted: ErrorRateCorrelation


class Transcription(FrozenModel):
    """Transcription of words and phones, measured as published for speech language models."""

    wer: float | None
    wer_ci95: Interval | None
    per: float | None
    """Against `corpus.labels.heard_phones`: `<unk>` and `K*` are symbols like any other."""
    per_ci95: Interval | None
    phone_match: PhoneMatch
    """Along the alignment of `per`."""
    per_and_accuracy: PerAndAccuracy
    n_unparsable: int
    """Unparsable answers of either task."""
    n_unparsable_apa: int
    n_unparsable_mdd: int


class IntervalCoverage(FrozenModel):
    """The share of human scores inside their intervals, to compare with `nominal`, and the mean width."""

    n: int
    nominal: float
    coverage: float | None
    mean_width: float | None


class CalibrationMetrics(FrozenModel):
    """Coverage of the intervals of utterance and word scores (0 to 10) and of phone scores (0 to 2)."""

    accuracy: IntervalCoverage
    fluency: IntervalCoverage
    prosodic: IntervalCoverage
    total: IntervalCoverage
    phone: IntervalCoverage
    word: IntervalCoverage | None = None
    """Against the human accuracy scores of words."""


class BiasedAgreement(Agreement):
    """Agreement with its bias, the mean of predicted minus human score over the answered items."""

    bias: float | None


class Group(FrozenModel):
    """Metrics over the clips of a group of speakers."""

    n_speakers: int
    n_utterances: int
    n_failed: int
    accuracy: BiasedAgreement
    fluency: BiasedAgreement
    prosodic: BiasedAgreement
    total: BiasedAgreement
    phone: BiasedAgreement
    f1: float | None
    frr: float | None


class PhoneClass(FrozenModel):
    """Agreement in the scores of one canonical phone, 0 to 2."""

    n: int
    n_errors: int
    n_unanswered: int
    pcc: float | None
    mse: float | None
    p_value: float | None = None


class PhoneClasses(FrozenModel):
    """Agreement per canonical phone, and macro averages, which weigh rare and common phones alike."""

    macro_pcc: float | None
    """Over the `n_classes` phones that have a correlation."""
    macro_ci95: Interval | None
    n_classes: int
    macro_mse: float | None = None
    """Over the phones that human raters scored."""
    classes: dict[str, PhoneClass]


class Results(Transcription):
    """The content of `results.json`, which `enunciate evaluate` writes.

    The metrics of `Transcription` are at the top level.
    """

    models: tuple[str, ...]
    """The models named in the assessments; more than one in cross-validation."""
    n_utterances: int
    n_failed: int
    n_speakers: int
    apa: Apa
    phone: Agreement
    mdd: Mdd
    recognition: Recognition
    calibration: CalibrationMetrics
    by_age: dict[str, Group] | None = None
    by_gender: dict[str, Group] | None = None
    by_first_language: dict[str, Group] | None = None
    by_length: dict[str, Group] | None = None
    """By the number of words of the text."""
    by_noise: dict[str, Group] | None = None
    """By the signal-to-noise ratio that the engine measured."""
    phone_classes: PhoneClasses | None = None
    completeness: AspectAgreement | None = None
    word: WordAgreement | None = None
    mdd_without_text: Mdd | None = None
    """Detection by recognition without reference, aligned to the canonical phones; None without any."""
    mdd_of_sequences: Mdd | None = None
    """By recognition without reference, counted on three sequences of phones (see `sequence_mdd`)."""
    mdd_of_sequences_with_text: Mdd | None = None
    """The same of what the engine heard given the text."""
