"""A blend is a weighted mean of two engines' scores, and `pocket` in everything else."""

import numpy as np
import pytest
from support.fake_assessor import assessment_of, score

from enunciate.blend.assessor import BlendAssessor
from enunciate.blend.fit import fit_blend
from enunciate.blend.weights import AspectWeights, BlendWeights, read_blend
from enunciate.errors import ModelNotFoundError
from enunciate.pocket.calibration import Interval
from enunciate.schema import ASPECTS, Notice, Utterance

INTERVAL = Interval(knots=(0.0, 10.0), low=(0.0, 8.0), high=(2.0, 10.0))


def weights(pocket=0.5, other=0.5, offset=0.0):
    aspect = AspectWeights(offset=offset, pocket=pocket, other=other, interval=INTERVAL)
    one = dict.fromkeys(ASPECTS, aspect)
    return BlendWeights(name="both 0", with_reference=one, without_reference=one)


class Fixed:
    """An engine that gives one assessment, changed as told."""

    def __init__(self, **changes):
        self.changes = changes

    def assess(self, utterances):
        return [assessment_of(u, 2.0).model_copy(update=self.changes) for u in utterances]

    def recognise(self, utterances):
        return [("HH", "AY")] * len(utterances)


def blend(pocket, other, text="we think", by=None):
    utterance = Utterance(id="a", audio=b"", text=text)
    return BlendAssessor(pocket, other, by or weights()).assess([utterance])[0]


def test_scores_are_weighted_and_have_the_interval_of_the_blend():
    result = blend(Fixed(total=score(4)), Fixed(total=score(8)), by=weights(0.25, 0.75))

    assert result.total.value == pytest.approx(7.0)
    assert (result.total.low, result.total.high) == pytest.approx((5.6, 7.6))
    assert result.model == "both 0"


def test_scores_stay_within_the_scale():
    assert blend(Fixed(total=score(10)), Fixed(total=score(10)), by=weights(offset=3.0)).total.value == 10


def test_words_with_a_text_are_those_of_pocket():
    result = blend(Fixed(), Fixed(words=(), transcript="we sink"))

    assert [word.text for word in result.words] == ["we", "think"]
    assert result.transcript == "we sink"


def test_words_without_a_text_are_those_that_the_other_hears():
    heard = assessment_of(Utterance(id="a", audio=b"", text="we think"), 2.0).words

    result = blend(Fixed(), Fixed(words=heard), text=None)

    assert result.words == heard


def test_pocket_alone_scores_where_the_other_gives_no_score():
    result = blend(Fixed(total=score(4)), Fixed(total=None))

    assert result.total == score(4)


def test_pocket_alone_scores_where_something_else_was_said():
    notice = Notice(code="text_mismatch", message="something else")

    result = blend(Fixed(total=score(1), warnings=(notice,)), Fixed(total=score(9)))

    assert result.total == score(1)


def test_fit_finds_the_weights_that_made_the_human_scores():
    rng = np.random.default_rng(0)
    pocket, other = rng.uniform(2, 9, (2, 400, 4))
    human = 0.5 + 0.6 * pocket + 0.3 * other
    human[::7, 1] = np.nan

    fitted = fit_blend(pocket, other, human)

    for aspect in ASPECTS:
        found = fitted[aspect]
        assert (found.offset, found.pocket, found.other) == pytest.approx((0.5, 0.6, 0.3))


def test_weights_survive_their_file_and_a_broken_one_is_named(tmp_path):
    path = tmp_path / "blend.json"
    path.write_text(weights().model_dump_json())
    assert read_blend(path) == weights()

    path.write_text('{"name": "both"}')
    with pytest.raises(ModelNotFoundError, match="no weights of a blend"):
        read_blend(path)
