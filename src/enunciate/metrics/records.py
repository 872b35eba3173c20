"""The shape of `results.json`; `results` puts the figures together, `docs/metrics.md` says what they mean."""

from __future__ import annotations

from enunciate.metrics.bootstrap import Interval
from enunciate.phones.alignment import EditCounts
from enunciate.schema import FrozenModel


class Figures(FrozenModel):
    """Those that belong together; what cannot be computed is None."""


class Agreement(Figures):
    """Agreement with human scores; `ci95` is the interval of `pcc`, by bootstrap over speakers."""

    n: int
    n_unanswered: int
    pcc: float | None
    ci95: Interval | None
    mse: float | None
    mse_ci95: Interval | None = None
    """None, as the next, in a file of an earlier version."""
    p_value: float | None = None
    """It takes the items as independent, which those of one speaker are not, and phones least of all."""


class AspectAgreement(Agreement):
    """Agreement in one utterance score."""

    pcc_most_likely: float | None
    """`pcc` of `Score.most_likely` in place of the value; None where the engine gives none."""


class Apa(Figures):
    """The four utterance scores."""

    accuracy: AspectAgreement
    fluency: AspectAgreement
    prosodic: AspectAgreement
    total: AspectAgreement


class WordAgreement(Figures):
    """Agreement in the scores of words, 0 to 10: the one that an engine gives, with two that people give."""

    n_words: int
    n_labelled: int
    """Words that people scored; where there are none, as in a part of the corpus, the rest is None."""
    accuracy: Agreement
    total: Agreement


class MddIntervals(Figures):
    """By bootstrap over speakers."""

    precision: Interval | None
    recall: Interval | None
    far: Interval | None
    frr: Interval | None
    der: Interval | None
    per_with_text: Interval | None


class Mdd(Figures):
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
    """In the others the reference of both phone error rates is the canonical sequence."""
    ci95: MddIntervals | None = None
    """None in a file of an earlier version."""


class PhoneMatch(Figures):
    """Share of recognised phones that match (precision) and of reference phones that are matched (recall)."""

    precision: float | None
    recall: float | None
    f1: float | None

    @classmethod
    def of(cls, edits: EditCounts) -> PhoneMatch:
        """The shares, and their harmonic mean, of pooled counts."""
        n_reference, n_hypothesis = edits.n_reference, edits.n_hypothesis
        both = n_reference + n_hypothesis
        return cls(
            precision=edits.hits / n_hypothesis if n_hypothesis else None,
            recall=edits.hits / n_reference if n_reference else None,
            f1=2 * edits.hits / both if both else None,
        )


class Recognition(Figures):
    """Recognition without the text; all None where the engine recognises nothing without it."""

    per_without_text: float | None
    ci95: Interval | None
    phone_match: PhoneMatch
    n_reference_phones: int


class Relation(Figures):
    """How two quantities go together over utterances; `ci95` and `p_value` as in `AspectAgreement`."""

    n: int
    n_unanswered: int
    pcc: float | None
    ci95: Interval | None
    p_value: float | None


class PerAndAccuracy(Figures):
    """The phone error rate of single utterances beside their accuracy score."""

    human: Relation
    predicted: Relation


class Transcription(Figures):
    """What was heard, as words and phones, measured as published for speech language models."""

    wer: float | None
    wer_ci95: Interval | None
    per: float | None
    """Against `corpus.labels.heard_phones`: `<unk>` and `K*` are symbols like any other."""
    per_ci95: Interval | None
    phone_match: PhoneMatch
    """Along the alignment of `per`."""
    per_and_accuracy: PerAndAccuracy
    n_unparsable: int
    """Answers that did not parse, of either task."""
    n_unparsable_apa: int
    n_unparsable_mdd: int


class IntervalCoverage(Figures):
    """Measured against `nominal`: the share of human scores inside their intervals, and the mean width."""

    n: int
    nominal: float
    coverage: float | None
    mean_width: float | None


class Calibration(Figures):
    """The intervals of the utterance scores (0 to 10) and of the phone scores (0 to 2)."""

    accuracy: IntervalCoverage
    fluency: IntervalCoverage
    prosodic: IntervalCoverage
    total: IntervalCoverage
    phone: IntervalCoverage
    word: IntervalCoverage | None = None
    """Against people's accuracy of words. None in a file of an earlier version."""


class BiasedAgreement(Agreement):
    """`bias` is the mean of predicted less human score over the answered items."""

    bias: float | None


class Group(Figures):
    """What holds for the clips of some of the speakers."""

    n_speakers: int
    n_utterances: int
    n_failed: int
    accuracy: BiasedAgreement
    fluency: BiasedAgreement
    prosodic: BiasedAgreement
    total: BiasedAgreement
    phone: BiasedAgreement
    f1: float | None
    """Of mispronunciation detection, as the next."""
    frr: float | None


class PhoneClass(Figures):
    """The scores of one canonical phone, 0 to 2."""

    n: int
    n_errors: int
    n_unanswered: int
    pcc: float | None
    mse: float | None
    p_value: float | None = None
    """As in `Agreement`; None in a file of an earlier version."""


class PhoneClasses(Figures):
    """Each canonical phone on its own, and the mean in which a rare phone weighs as much as a common one."""

    macro_pcc: float | None
    """Over the classes that have a correlation; `n_classes` counts them."""
    macro_ci95: Interval | None
    n_classes: int
    macro_mse: float | None = None
    """Over the classes that people scored; None in a file of an earlier version."""
    classes: dict[str, PhoneClass]


class Results(Transcription):
    """What `enunciate evaluate` writes; figures that cannot be computed are null.

    The figures of `Transcription` stand on the top level.
    """

    models: tuple[str, ...]
    """What the assessments say made them; more than one in cross-validation."""
    n_utterances: int
    n_failed: int
    n_speakers: int
    apa: Apa
    phone: Agreement
    mdd: Mdd
    recognition: Recognition
    calibration: Calibration
    by_age: dict[str, Group] | None = None
    """None, as the next two, in a file of an earlier version."""
    by_gender: dict[str, Group] | None = None
    phone_classes: PhoneClasses | None = None
    completeness: AspectAgreement | None = None
    """None, as the next two, in a file of an earlier version."""
    word: WordAgreement | None = None
    mdd_without_text: Mdd | None = None
    """What recognition without the text finds, along the canonical phones; also None where there is none."""
