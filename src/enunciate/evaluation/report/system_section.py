"""What a report says of one system: charts and tables, each with a sentence on how to read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from enunciate.evaluation.report import charts
from enunciate.evaluation.report.clips import clips_section
from enunciate.evaluation.report.evaluated_systems import System
from enunciate.evaluation.report.markup import Markup, figure, number, section, table, tag, with_interval
from enunciate.metrics.agreement import human_score, predicted_score
from enunciate.metrics.correlation import FloatArray
from enunciate.metrics.groups import by_speaker
from enunciate.metrics.interval_coverage import NOMINAL_LEVEL
from enunciate.metrics.pairs import Evaluated, JudgedPhone, judged_phones
from enunciate.metrics.records import ErrorRateCorrelation, Group, PhoneClasses
from enunciate.metrics.transcription import phone_edits, utterance_error_rate
from enunciate.schema import ASPECTS, Aspect

N_CONFUSIONS = 15
N_ANSWERS_SHOWN = 5
ANSWER_LENGTH = 300
OMITTED = "∅"
"""Where nothing was heard in place of a phone."""


def system_section(system: System, id: str) -> Markup:
    """Everything about one system.

    Args:
        system: With its clips.
        id: What the ids of its parts begin with.
    """
    parts = [
        _facts(system),
        _scatters(system, f"{id}-scatter"),
        _distributions(system, f"{id}-scores"),
        _per_and_accuracy(system, f"{id}-per"),
        _confusion(system, f"{id}-phones"),
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
    axes = charts.score_axis("people", 0.5), charts.score_axis("predicted")
    for aspect in ASPECTS:
        found = getattr(system.results.apa, aspect)
        human, predicted = _answered(system.pairs, aspect)
        caption = f"{aspect}: PCC {number(found.pcc)}, mean squared error {number(found.mse, 2)}"
        picture = charts.scatter(human, predicted, axes, f"{caption}, {len(human)} clips", diagonal=True)
        pictures.append(figure(picture, caption))
    note = (
        "Each point is a clip, moved a little sideways because people give whole numbers. Dashed: perfect "
        "agreement. Bars: mean prediction at each human score. Clips without an answer have no point, but "
        "count "
        "in the figures."
    )
    return section(id, "Human against predicted scores", tag("div", *pictures, class_="grid4"), note=note)


def _distributions(system: System, id: str) -> Markup:
    pictures: list[Markup] = []
    for aspect in ASPECTS:
        human, predicted = _answered(system.pairs, aspect)
        caption = f"{aspect}: mean {_mean(human)} by people, {_mean(predicted)} predicted"
        pictures.append(figure(charts.histograms(human, predicted, caption), caption))
    note = (
        "Bars: people. Line: predicted, rounded. A line narrower than the bars is a system that plays safe."
    )
    return section(id, "Distribution of the scores", tag("div", *pictures, class_="grid4"), note=note)


def _mean(values: FloatArray) -> str:
    return number(float(values.mean()) if len(values) else None, 2)


def _per_and_accuracy(system: System, id: str) -> Markup:
    heard = [
        (one.pair, rate)
        for one in phone_edits(system.pairs)
        if (rate := utterance_error_rate(one)) is not None
    ]
    title = "Phone error rate and accuracy"
    if not heard:
        return section(id, title, tag("p", "This system recognises nothing without the text."))
    found = system.results.per_and_accuracy
    known = [(human_score(pair, "accuracy"), rate) for pair, rate in heard]
    predicted = [(score.value if (score := predicted_score(p, "accuracy")) else None, r) for p, r in heard]
    pictures = [
        _per_scatter("accuracy by people", known, found.human),
        _per_scatter("predicted accuracy", predicted, found.predicted),
    ]
    note = (
        "Each point is a clip: how many phones recognition without the text got wrong, per phone that people "
        "heard "
        "(rates over 1 stand at 1). Recognition and scores agree where the error rate falls as accuracy "
        "grows."
    )
    return section(id, title, tag("div", *pictures, class_="grid2"), note=note)


def _per_scatter(
    name: str, rows: Sequence[tuple[float | None, float]], found: ErrorRateCorrelation
) -> Markup:
    x, y = np.array([row for row in rows if row[0] is not None], dtype=np.float64).reshape(-1, 2).T
    axes = charts.score_axis(name, 0.5), charts.Axis("phone error rate", 0, 1, (0, 0.25, 0.5, 0.75, 1))
    interval = f" ({number(found.ci95[0])} to {number(found.ci95[1])})" if found.ci95 else ""
    caption = f"{name}: PCC {number(found.pcc)}{interval}"
    return figure(charts.scatter(x, y, axes, caption), caption)


# ------------------------------------------------------------------------------------------------ phones


def _confusion(system: System, id: str) -> Markup:
    phones = [phone for pair in system.pairs for phone in judged_phones(pair)]
    flagged = [phone for phone in phones if phone.predicted and phone.predicted.mispronounced]
    title = "Phones said wrongly"
    classes = system.results.phone_classes
    if not flagged:
        return section(id, title, tag("p", "No phone was flagged."), _class_table(classes))
    note = (
        "Phones that the system flagged: the row is the phone that was to be said, the column the one it "
        "heard "
        f"({OMITTED}: nothing)."
    )
    parts = tag("div", _matrix(flagged), _top_confusions(flagged), class_="grid2")
    return section(id, title, parts, _class_table(classes), note=note)


def _heard(phone: JudgedPhone) -> str:
    return " ".join(phone.heard) or OMITTED


def _matrix(flagged: Sequence[JudgedPhone]) -> Markup:
    rows = sorted({phone.canonical for phone in flagged})
    columns = sorted({_heard(phone) for phone in flagged})
    counts = np.zeros((len(rows), len(columns)))
    for phone in flagged:
        counts[rows.index(phone.canonical), columns.index(_heard(phone))] += 1
    caption = f"{len(flagged):,} flagged phones; darker is more often"
    picture = tag("div", charts.heat_map((rows, columns), counts, caption), class_="wide map", tabindex="0")
    return figure(picture, caption)


def _top_confusions(flagged: Sequence[JudgedPhone]) -> Markup:
    times = Counter((phone.canonical, _heard(phone)) for phone in flagged)
    agreed = Counter((phone.canonical, _heard(phone)) for phone in flagged if phone.is_error)
    rows = [
        (f"{said} → {heard}", f"{count}", f"{agreed[said, heard]} ({agreed[said, heard] / count:.0%})")
        for (said, heard), count in sorted(times.items(), key=lambda one: (-one[1], one[0]))[:N_CONFUSIONS]
    ]
    return table(("said → heard", "flagged", "people agree"), list(rows), "The most frequent of them")


def _class_table(classes: PhoneClasses | None) -> Markup | None:
    if classes is None or not classes.classes:
        return None
    rows = [
        (name, f"{one.n:,}", f"{one.n_errors:,}", number(one.pcc), number(one.mse))
        for name, one in classes.classes.items()
    ]
    interval = classes.macro_ci95
    shown = f" ({number(interval[0])} to {number(interval[1])})" if interval else ""
    macro = (
        f"Scores phone by phone: mean PCC {number(classes.macro_pcc)}{shown} of {classes.n_classes} phones"
    )
    inner = table(("phone", "times", "errors", "PCC", "MSE"), list(rows), "Agreement by canonical phone")
    return tag("details", tag("summary", macro), inner)


# ------------------------------------------------------------------------------------- groups, speakers


def _groups(system: System, id: str) -> Markup:
    found = (("age", system.results.by_age), ("gender", system.results.by_gender))
    tables = [_group_table(name, groups) for name, groups in found if groups]
    note = (
        "PCC within the group, and the bias of the total score: predicted less human, negative where the "
        "system is "
        "stricter than people. FRR is the share of rightly said phones that it flags. Within a group whose "
        "speakers "
        "are all alike a PCC is low for any system: look at the errors too."
    )
    return section(id, "By age and gender", *tables, note=note)


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
    title = "Speaker by speaker"
    if not speakers:
        return section(id, title, tag("p", "No clip has both a human and a predicted total score."))
    human, predicted = (np.array([getattr(s, k) for s in speakers]) for k in ("human", "predicted"))
    caption = f"{len(speakers)} speakers, mean total score: ring by people, dot predicted"
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
    head = ("speaker", "clips", "people", "predicted", "difference", "error of a clip")
    listed = table(head, list(rows), "The ten speakers misjudged most")
    picture = figure(charts.dumbbells(human, predicted, caption), caption)
    note = "A long line is a speaker whom the system judges differently from people, clip after clip."
    return section(id, title, tag("div", picture, listed, class_="grid2"), note=note)


# ---------------------------------------------------------------------------------- intervals, failures


def _calibration(system: System, id: str) -> Markup:
    found = system.results.calibration
    names = (*ASPECTS, "phone")
    rows = [(name, getattr(found, name).coverage) for name in names]
    caption = "Share of human scores inside the predicted intervals"
    widths = [
        (name, f"{one.n:,}", number(one.coverage), number(one.mean_width, 2))
        for name, one in ((name, getattr(found, name)) for name in names)
    ]
    listed = table(("score", "labels", "inside", "mean width"), list(widths), "Intervals")
    picture = figure(charts.coverage_bars(rows, NOMINAL_LEVEL, caption), caption)
    note = (
        "Bars short of the line promise too much, bars far over it are wider than they need be. Phone scores "
        "run "
        "to 2, the others to 10."
    )
    return section(id, "Calibration of the intervals", tag("div", picture, listed, class_="grid2"), note=note)


def _failures(system: System, id: str) -> Markup:
    results = system.results
    codes = Counter(error.partition(":")[0] for error in system.errors.values())
    rows = [
        ("clips without an assessment", f"{results.n_failed:,}"),
        ("unparsable answers, scores", f"{results.n_unparsable_apa:,}"),
        ("unparsable answers, words and phones", f"{results.n_unparsable_mdd:,}"),
        ("phones with a label and no answer", f"{results.mdd.n_unanswered:,}"),
        *((f"error {code}", f"{count:,}") for code, count in sorted(codes.items())),
    ]
    note = "They count against the system in every figure: a clip is never better failed than answered."
    answers = [
        tag("li", tag("b", f"{pair.utterance.id}, {one.reason}"), tag("pre", _cut(one.raw)))
        for pair in system.pairs
        if pair.assessment
        for one in pair.assessment.unparsable
    ][:N_ANSWERS_SHOWN]
    shown = (
        tag("details", tag("summary", "Some unparsable answers"), tag("ul", *answers)) if answers else None
    )
    return section(id, "Failures", table(("what", "how many"), list(rows), "Failures"), shown, note=note)


def _cut(raw: str) -> str:
    return raw if len(raw) <= ANSWER_LENGTH else raw[:ANSWER_LENGTH] + " …"
