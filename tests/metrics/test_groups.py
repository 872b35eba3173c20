"""Metrics of parts of a corpus, by hand and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from support.evaluation_cases import make_assessment, make_corpus, make_utterance, perfect
from support.plain_bootstrap import speaker_interval

from enunciate.metrics.bands import AGES
from enunciate.metrics.groups import (
    by_age,
    by_first_language,
    by_gender,
    by_length,
    by_noise,
    by_phone_class,
    by_speaker,
)
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.results import summarise

stats = pytest.importorskip("scipy.stats")
pytest.importorskip("kaldialign")


def clip(id: str, human: float, value: float | None, *, speaker="s", age=None, gender=None) -> Evaluated:
    """One clip; a value of None is a failure."""
    utterance = make_utterance(id, human=human, speaker=speaker)
    utterance = utterance.model_copy(update={"age": age, "gender": gender})
    return Evaluated(utterance, None if value is None else make_assessment(utterance, value=value), None)


CLIPS = [
    clip("a", 2, 3, speaker="x", age=8, gender="f"),
    clip("b", 4, 4, speaker="x", age=8, gender="f"),
    clip("c", 9, 8, speaker="y", age=9, gender="m"),
    clip("d", 5, 6, speaker="z", age=30, gender="m"),
    clip("e", 7, None, speaker="z", age=30, gender="m"),
    clip("f", 6, 6, speaker="n"),
]


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (9, "under 10"),
        (10, "10 to 15"),
        (15, "10 to 15"),
        (16, "16 to 25"),
        (26, "26 and over"),
        (None, "unknown"),
    ],
)
def test_age_bands_leave_out_their_upper_end(age, band):
    assert AGES.name_of(age) == band


def test_each_group_is_measured_on_its_own_clips():
    groups = by_age(CLIPS)
    assert list(groups) == ["under 10", "26 and over", "unknown"]
    young = groups["under 10"]
    assert (young.n_speakers, young.n_utterances, young.n_failed) == (2, 3, 0)
    assert young.accuracy.pcc == pytest.approx(stats.pearsonr([2, 4, 9], [3, 4, 8]).statistic)
    assert young.accuracy.mse == pytest.approx((1 + 0 + 1) / 3)
    assert young.accuracy.bias == pytest.approx((1 + 0 - 1) / 3)
    old = groups["26 and over"]
    assert (old.n_failed, old.accuracy.n_unanswered, old.accuracy.pcc) == (1, 1, None)
    assert old.accuracy.bias == 1  # the failure has no error of its own ...
    assert old.accuracy.mse == (1 + 7**2) / 2  # ... but costs the most that the scale allows


def test_genders_are_spelt_out_and_unknown_comes_last():
    groups = by_gender(CLIPS)
    assert [(name, group.n_utterances) for name, group in groups.items()] == [
        ("female", 2),
        ("male", 3),
        ("unknown", 1),
    ]


def test_first_languages_lengths_and_noises_have_groups_of_their_own() -> None:
    def with_(pair: Evaluated, *, language: str | None = None, text: str | None = "a b c", snr_db=None):
        utterance = pair.utterance.model_copy(
            update={"first_language": language, "text": text, "words": None}
        )
        heard = pair.assessment and pair.assessment.model_copy(update={"snr_db": snr_db, "words": ()})
        return Evaluated(utterance, heard, None)

    pairs = [
        with_(CLIPS[0], language="Hindi", snr_db=9.9),
        with_(CLIPS[1], language="Arabic", text="a b c d", snr_db=10),
        with_(CLIPS[2], text="word " * 26, snr_db=60),
        with_(CLIPS[4], language="Hindi", text=None),  # it failed, so that nobody measured its noise
    ]
    counts = [
        {name: group.n_utterances for name, group in by(pairs).items()}
        for by in (by_first_language, by_length, by_noise)
    ]
    assert list(counts[0].items()) == [("Arabic", 1), ("Hindi", 2), ("unknown", 1)]
    assert list(counts[1].items()) == [("1 to 3", 1), ("4 to 6", 1), ("26 and over", 1), ("unknown", 1)]
    assert list(counts[2].items()) == [
        ("under 10 dB", 1),
        ("10 to 20 dB", 1),
        ("30 dB and over", 1),
        ("unknown", 1),
    ]


def test_one_group_of_all_clips_has_the_metrics_of_all():
    pairs = [perfect(utterance) for utterance in make_corpus()]
    results = summarise(pairs)
    group = results.by_age["unknown"]
    assert (group.f1, group.phone.pcc, group.total.ci95) == (
        results.mdd.f1,
        results.phone.pcc,
        results.apa.total.ci95,
    )


def phones_clip(id: str, speaker: str, human: list[float], values: list[float]) -> Evaluated:
    utterance = make_utterance(id, phones="K AE1 T", phone_scores=human, speaker=speaker)
    return Evaluated(utterance, make_assessment(utterance, phone_values=values), None)


PHONES = [
    phones_clip("1", "x", [0.0, 2.0, 2.0], [0.5, 1.9, 2.0]),
    phones_clip("2", "x", [1.0, 1.0, 2.0], [0.8, 1.5, 1.0]),
    phones_clip("3", "y", [2.0, 0.0, 2.0], [1.2, 1.0, 2.0]),
    phones_clip("4", "y", [1.5, 0.4, 2.0], [2.0, 0.6, 0.0]),
]


def test_phone_classes_are_correlated_separately_and_averaged():
    per_phone = by_phone_class(PHONES)
    k = stats.pearsonr([0, 1, 2, 1.5], [0.5, 0.8, 1.2, 2.0]).statistic
    ae = stats.pearsonr([2, 1, 0, 0.4], [1.9, 1.5, 1.0, 0.6]).statistic
    assert list(per_phone.classes) == ["AE", "K", "T"]
    assert per_phone.classes["K"].pcc == pytest.approx(k)
    assert per_phone.classes["AE"].pcc == pytest.approx(ae)
    assert (per_phone.classes["AE"].n, per_phone.classes["AE"].n_errors) == (4, 2)
    assert per_phone.classes["T"].pcc is None  # every T has the same human score
    assert per_phone.classes["T"].mse == pytest.approx((1 + 4) / 4)
    assert per_phone.n_classes == 2
    assert per_phone.macro_pcc == pytest.approx((k + ae) / 2)


@pytest.mark.slow
def test_the_macro_interval_is_that_of_the_mean_computed_afresh_in_each_resample():
    rng = np.random.default_rng(0)
    human = rng.uniform(0, 2, (12, 2, 3))
    noisy = np.clip(human + rng.normal(0, 0.5, human.shape), 0, 2)
    pairs = [
        phones_clip(f"{s}-{i}", f"s{s}", human[s, i].tolist(), noisy[s, i].tolist())
        for s in range(12)
        for i in range(2)
    ]
    flat_human, flat_noisy = human.reshape(-1, 3), noisy.reshape(-1, 3)

    def macro(index):
        return float(
            np.mean([stats.pearsonr(flat_human[index, c], flat_noisy[index, c])[0] for c in range(3)])
        )

    expected = speaker_interval(macro, [pair.speaker for pair in pairs])
    assert by_phone_class(pairs).macro_ci95 == pytest.approx(expected)


def test_speakers_are_averaged_and_failures_left_out():
    means = {one.speaker: one for one in by_speaker(CLIPS)}
    assert [one.speaker for one in by_speaker(CLIPS)] == ["x", "z", "n", "y"]
    assert (means["x"].human, means["x"].predicted, means["x"].mean_error) == (3, 3.5, 0.5)
    assert means["z"].n_utterances == 1


def test_one_speaker_has_no_macro_interval():
    assert by_phone_class(PHONES[:2]).macro_ci95 is None


def test_no_clips_have_no_groups():
    assert by_age([]) == {} == by_gender([])
    assert by_phone_class([]).macro_pcc is None
    assert by_speaker([]) == []
