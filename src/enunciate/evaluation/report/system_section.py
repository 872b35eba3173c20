"""The part of a report about one system: charts and tables, each with a sentence on how to read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from enunciate.evaluation.report import charts
from enunciate.evaluation.report.clips import clips_section
from enunciate.evaluation.report.evaluated_systems import System
from enunciate.evaluation.report.markup import Markup, figure, number, section, table, tag, with_interval
from enunciate.evaluation.report.phone_errors import phone_errors_section
from enunciate.metrics.agreement import human_score, predicted_score
from enunciate.metrics.bands import UNKNOWN
from enunciate.metrics.correlation import FloatArray
from enunciate.metrics.groups import by_speaker
from enunciate.metrics.interval_coverage import NOMINAL_LEVEL
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.records import ErrorRateCorrelation, Group
from enunciate.metrics.transcription import phone_edits, utterance_error_rate
from enunciate.schema import ASPECTS, Aspect

N_ANSWERS_SHOWN = 5
ANSWER_LENGTH = 300


def system_section(system: System, id: str) -> Markup:
    """Return everything about one system.

    Args:
        system: The system with its clips.
        id: The id of the section, and the prefix of the ids of its parts.
    """
    parts = [
        _facts(system),
        _scatters(system, f"{id}-scatter"),
        _distributions(system, f"{id}-scores"),
        _per_and_accuracy(system, f"{id}-per"),
        phone_errors_section(system, f"{id}-phones"),
        _groups(system, f"{id}-groups"),
        _speakers(system, f"{id}-speakers"),
        _calibration(system, f"{id}-calibration"),
        _failures(system, f"{id}-failures"),
        clips_section(system.pairs, f"{id}-clips"),
    ]
    return section(id, system.name, *parts, level=2)


def _facts(system: System) -> Markup:
    results = system.results
    facts = {
        "model": ", ".join(results.models) or "none answered",
        "clips": f"{results.n_utterances:,}",
        "speakers": f"{results.n_speakers:,}",
        "failed": f"{results.n_failed:,}",
        "unparsable answers": f"{results.n_unparsable:,}",
    }
    return tag("dl", *(tag("div", tag("dt", k), tag("dd", v)) for k, v in facts.items()), class_="facts")


def _answered(pairs: Sequence[Evaluated], aspect: Aspect) -> tuple[FloatArray, FloatArray]:
    """Human and predicted scores of the clips that have both."""
    rows = [
        (human, score.value)
        for pair in pairs
        if (human := human_score(pair, aspect)) is not None and (score := predicted_score(pair, aspect))
    ]
    human, predicted = np.array(rows, dtype=np.float64).reshape(-1, 2).T
    return human, predicted


def _scatters(system: System, id: str) -> Markup:
    pictures: list[Markup] = []
    axes = charts.score_axis("human score", 0.5), charts.score_axis("predicted score")
    for aspect in ASPECTS:
        agreement = getattr(system.results.apa, aspect)
        human, predicted = _answered(system.pairs, aspect)
        if not len(human):
            continue
        caption = f"{aspect}: PCC {number(agreement.pcc)}, mean squared error {number(agreement.mse, 2)}"
        picture = charts.scatter(human, predicted, axes, f"{caption}, {len(human)} clips", diagonal=True)
        pictures.append(figure(picture, caption))
    note = (
        f"Each point is a clip (of more than {charts.MAX_DOTS:,}, a random part has points), with horizontal "
        "jitter because human scores are whole numbers. Dashed line: "
        "perfect agreement. Bars: mean prediction for each human score. Clips without an answer have no "
        "point, but count in the metrics."
    )
    title = "Predicted against human scores"
    if not pictures:
        return section(id, title, tag("p", "No clip has both a human and a predicted score."))
    return section(id, title, tag("div", *pictures, class_="grid4"), note=note)


def _distributions(system: System, id: str) -> Markup:
    pictures: list[Markup] = []
    for aspect in ASPECTS:
        human, predicted = _answered(system.pairs, aspect)
        caption = f"{aspect}: human mean {_mean(human)}, predicted mean {_mean(predicted)}"
        if not getattr(system.results.apa, aspect).n:
            scores = [predicted_score(pair, aspect) for pair in system.pairs]
            predicted = np.array([score.value for score in scores if score])
            caption = f"{aspect}: predicted mean {_mean(predicted)}"
        if len(predicted):
            pictures.append(figure(charts.histograms(human, predicted, caption), caption))
    note = (
        "Bars: human scores. Line: predicted scores, rounded. A line that is narrower than the bars shows "
        "a system that predicts close to the mean."
    )
    title = "Distribution of the scores"
    if not pictures:
        return section(id, title, tag("p", "The system gives no scores of utterances."))
    return section(id, title, tag("div", *pictures, class_="grid4"), note=note)


def _mean(values: FloatArray) -> str:
    return number(float(values.mean()) if len(values) else None, 2)


def _per_and_accuracy(system: System, id: str) -> Markup:
    rates = [
        (one.pair, rate)
        for one in phone_edits(system.pairs)
        if (rate := utterance_error_rate(one)) is not None
    ]
    title = "Phone error rate and accuracy"
    if not rates:
        return section(id, title, tag("p", "This system does not recognise phones without a reference text."))
    correlations = system.results.per_and_accuracy
    human = [(human_score(pair, "accuracy"), rate) for pair, rate in rates]
    predicted = [(score.value if (score := predicted_score(p, "accuracy")) else None, r) for p, r in rates]
    pictures = [
        _per_scatter("human accuracy score", human, correlations.human) if correlations.human.n else None,
        _per_scatter("predicted accuracy score", predicted, correlations.predicted),
    ]
    note = (
        "Each point is a clip, with its phone error rate of recognition without reference against the "
        "phones that human raters heard (rates above 1 are drawn at 1). Recognition and scores agree where "
        "the error rate falls as accuracy rises."
    )
    return section(id, title, tag("div", *pictures, class_="grid2"), note=note)


def _per_scatter(
    name: str, rows: Sequence[tuple[float | None, float]], correlation: ErrorRateCorrelation
) -> Markup:
    x, y = np.array([row for row in rows if row[0] is not None], dtype=np.float64).reshape(-1, 2).T
    axes = charts.score_axis(name, 0.5), charts.Axis("phone error rate", 0, 1, (0, 0.25, 0.5, 0.75, 1))
    interval = (
        f" ({number(correlation.ci95[0])} to {number(correlation.ci95[1])})" if correlation.ci95 else ""
    )
    caption = f"{name}: PCC {number(correlation.pcc)}{interval}"
    return figure(charts.scatter(x, y, axes, caption), caption)


# ------------------------------------------------------------------------------------- groups, speakers


def _groups(system: System, id: str) -> Markup:
    results = system.results
    groupings = (
        ("age", results.by_age),
        ("gender", results.by_gender),
        ("first language", results.by_first_language),
        ("words of the text", results.by_length),
        ("signal-to-noise ratio", results.by_noise),
    )
    tables = [_group_table(name, groups) for name, groups in groupings if groups and set(groups) != {UNKNOWN}]
    if not tables:
        tables = [tag("p", "The corpus says nothing of its speakers.")]
    note = (
        "PCC within the group, and the bias of the total score: predicted minus human, negative where the "
        "system is stricter than human raters. FRR, the false rejection rate, is the share of correctly "
        "pronounced phones that it flags. The signal-to-noise ratio is what the engine measured. Within a "
        "group whose speakers are all alike, PCC is low for any system: look at the errors too."
    )
    return section(id, "By speaker, length and noise", *tables, note=note)


def _group_table(name: str, groups: Mapping[str, Group]) -> Markup:
    head = (name, "clips", "speakers", *ASPECTS, "phone", "bias", "MSE", "F1", "FRR")
    rows = [
        (
            label,
            f"{group.n_utterances:,}",
            f"{group.n_speakers:,}",
            *(with_interval(one.pcc, one.ci95, 2) for one in (getattr(group, a) for a in ASPECTS)),
            with_interval(group.phone.pcc, group.phone.ci95, 2),
            number(group.total.bias, 2),
            number(group.total.mse, 2),
            number(group.f1, 2),
            number(group.frr),
        )
        for label, group in groups.items()
    ]
    return table(head, list(rows), f"By {name}")


def _speakers(system: System, id: str) -> Markup:
    speakers = by_speaker(system.pairs)
    title = "Per speaker"
    if not speakers:
        return section(id, title, tag("p", "No clip has both a human and a predicted total score."))
    human, predicted = (np.array([getattr(s, k) for s in speakers]) for k in ("human", "predicted"))
    caption = f"{len(speakers)} speakers, mean total score: human (ring) and predicted (dot)"
    worst = sorted(speakers, key=lambda s: -abs(s.predicted - s.human))[:10]
    rows = [
        (
            one.speaker,
            f"{one.n_utterances}",
            number(one.human, 2),
            number(one.predicted, 2),
            number(one.predicted - one.human, 2),
            number(one.mean_error, 2),
        )
        for one in worst
    ]
    head = ("speaker", "clips", "human", "predicted", "difference", "error per clip")
    listed = table(head, list(rows), "The ten speakers with the largest differences")
    picture = figure(charts.dumbbells(human, predicted, caption), caption)
    note = "A long line is a speaker whom the system scores differently from human raters, clip after clip."
    return section(id, title, tag("div", picture, listed, class_="grid2"), note=note)


# ---------------------------------------------------------------------------------- intervals, failures


def _calibration(system: System, id: str) -> Markup:
    calibration = system.results.calibration
    names = (*ASPECTS, "phone")
    rows = [(name, getattr(calibration, name).coverage) for name in names]
    caption = "Share of human scores inside the predicted intervals"
    widths = [
        (name, f"{one.n:,}", number(one.coverage), number(one.mean_width, 2))
        for name, one in ((name, getattr(calibration, name)) for name in names)
    ]
    listed = table(("score", "labels", "coverage", "mean width"), list(widths), "Intervals")
    picture = figure(charts.coverage_bars(rows, NOMINAL_LEVEL, caption), caption)
    note = (
        "Intervals whose bar ends before the line are too narrow, and those whose bar ends far beyond it "
        "are wider than necessary. Phone scores range from 0 to 2, the others from 0 to 10."
    )
    return section(id, "Calibration of the intervals", tag("div", picture, listed, class_="grid2"), note=note)


def _failures(system: System, id: str) -> Markup:
    results = system.results
    codes = Counter(error.partition(":")[0] for error in system.errors.values())
    rows = [
        ("clips without an assessment", f"{results.n_failed:,}"),
        ("unparsable answers, scores", f"{results.n_unparsable_apa:,}"),
        ("unparsable answers, words and phones", f"{results.n_unparsable_mdd:,}"),
        ("labelled phones without an answer", f"{results.mdd.n_unanswered:,}"),
        *((f"error {code}", f"{count:,}") for code, count in sorted(codes.items())),
    ]
    note = (
        "Failures count against the system in every metric: a failed clip never scores better than an answer."
    )
    answers = [
        tag("li", tag("b", f"{pair.utterance.id}, {one.reason}"), tag("pre", _cut(one.raw)))
        for pair in system.pairs
        if pair.assessment
        for one in pair.assessment.unparsable
    ][:N_ANSWERS_SHOWN]
    shown = (
        tag("details", tag("summary", "Some unparsable answers"), tag("ul", *answers)) if answers else None
    )
    return section(id, "Failures", table(("failure", "count"), list(rows), "Failures"), shown, note=note)


def _cut(raw: str) -> str:
    return raw if len(raw) <= ANSWER_LENGTH else raw[:ANSWER_LENGTH] + " …"
