"""The engines of trained baselines that listen with an encoder, on chords."""

import numpy as np
import pytest
from support.baseline_runs import clip_of

from enunciate.baselines.folder import read_description
from enunciate.engines import load_assessor
from enunciate.errors import AudioTooLongError, TextTooLongError
from enunciate.schema import ASPECTS, Assessment, Clip, Utterance


def test_each_aspect_has_a_score_inside_its_interval(trained):
    (assessment,) = load_assessor(trained).assess([clip_of(("SEE", "ME"), text="see me")])

    text = assessment.model_dump_json()
    assert Assessment.model_validate_json(text).model_dump_json() == text
    assert assessment.used_reference and assessment.rates.words_per_s > 0
    for aspect in ASPECTS:
        score = getattr(assessment, aspect)
        assert score.low <= score.value <= score.high


@pytest.mark.parametrize("kind", ["gop", pytest.param("gopt", marks=pytest.mark.slow)])
def test_goodness_scores_the_phones_of_the_reference_text(kind, request, chords):
    folder, _ = request.getfixturevalue(kind)
    (assessment,) = load_assessor(folder).assess([clip_of(("SEE", "ME"), text="see me")])

    assert [phone.phone for phone in assessment.phones] == ["S", "IY", "M", "IY"]
    assert assessment.completeness.value == 10


@pytest.mark.parametrize("kind", ["gop", pytest.param("gopt", marks=pytest.mark.slow)])
def test_goodness_flags_the_phone_that_was_wrong_and_names_what_was_heard(kind, request, chords):
    folder, _ = request.getfixturevalue(kind)
    (assessment,) = load_assessor(folder).assess([clip_of(("KEY", "ME"), text="see me")])

    first, second, *_ = assessment.phones
    assert [phone.mispronounced for phone in assessment.phones] == [True, False, False, False]
    assert first.heard == "K" and first.score.value < 1 < second.score.value


def test_a_forest_scores_no_phones_and_gives_distributions(forest, chords):
    (assessment,) = load_assessor(forest[0]).assess([clip_of(("SEE", "ME"), text="see me")])

    assert assessment.phones == () and assessment.completeness is None
    assert sum(assessment.accuracy.distribution) == pytest.approx(1)


def test_a_clip_without_reference_gets_utterance_scores_only(trained):
    (assessment,) = load_assessor(trained).assess([clip_of(("SEE", "ME"))])

    assert not assessment.used_reference and assessment.words == () and assessment.accuracy is not None
    assert [notice.code for notice in assessment.warnings] == ["no_reference"]


def test_recognition_alone_and_beside_an_assessment_agree(trained):
    engine, clips = load_assessor(trained), [clip_of(("SOCK",), text="sock"), clip_of(("KEY", "MOO"), id="b")]

    both = engine.assess_and_recognise(clips)

    assert [phones for _, phones in both] == engine.recognise(clips)
    assert [assessment for assessment, _ in both] == engine.assess(clips)


def test_a_text_too_long_for_its_clip_is_refused(trained):
    with pytest.raises(TextTooLongError):
        load_assessor(trained).assess([clip_of(("SEE",), text="see me " * 20)])


def test_a_clip_of_more_than_a_minute_is_refused(trained):
    long = Clip(samples=np.ones(61 * 16_000, np.float32), sample_rate_hz=16_000)

    with pytest.raises(AudioTooLongError):
        load_assessor(trained).assess([Utterance(id="a", audio=long, text="see me")])


def test_the_name_is_kind_and_version(trained):
    description = read_description(trained)

    assert load_assessor(trained).name == f"{description.kind} dev"
