from dataclasses import replace

import pytest
import torch
from support.phrase_cases import TINY, even_phrase, random_heard, repeated

from enunciate.pocket.training.scorer import Ensemble, Scorer, mean_scores
from enunciate.pocket.training.scorer_inputs import PhraseBatch
from enunciate.pocket.training.scorer_without_reference import ScorerWithoutReference

CLASSES, WORD = [29, 18, 6, 31, 13, 20, 2, 8, 39, 11], [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]
ACCURACY, FLUENCY, PROSODIC, TOTAL = range(4)


@pytest.fixture(scope="module")
def scorer():
    torch.manual_seed(0)
    scorer = Scorer(TINY, dropout=0.0).train()
    phrase = repeated(even_phrase(CLASSES, WORD), 8)
    with torch.no_grad():
        for _ in range(3):  # so that batch norm has seen inputs
            scorer(random_heard(8), phrase, 4)
    return scorer.eval()


def gradients(scorer, aspect, heard, phrase):
    """Largest gradient of an aspect's score with respect to each of the frames' inputs and to the times."""
    names = ("sound", "melody", "tone", "level", "ctc", "frame")
    leaves = {name: getattr(heard, name).clone().requires_grad_() for name in names}
    end = phrase.end.clone().requires_grad_()
    scores = scorer(replace(heard, **leaves), replace(phrase, end=end), 4)
    value = scores.whole[:, aspect].sum() if isinstance(aspect, int) else getattr(scores, aspect).sum()
    found = torch.autograd.grad(value, [*leaves.values(), end], allow_unused=True)
    return {
        name: 0.0 if grad is None else float(grad.abs().max())
        for name, grad in zip((*names, "end"), found, strict=True)
    }


@pytest.mark.parametrize("score", [ACCURACY, "phone", "wrong", "word"])
def test_scores_of_sounds_hear_neither_melody_nor_pitch(scorer, score):
    moved_by = gradients(scorer, score, random_heard(1), even_phrase(CLASSES, WORD))

    assert moved_by["melody"] == moved_by["tone"] == moved_by["level"] == 0
    assert moved_by["sound"] > 0 and moved_by["ctc"] > 0 and moved_by["frame"] > 0


def test_fluency_hears_the_melody_stream_and_time_but_no_pitch(scorer):
    moved_by = gradients(scorer, FLUENCY, random_heard(1), even_phrase(CLASSES, WORD))

    assert moved_by["tone"] == moved_by["level"] == 0
    assert moved_by["melody"] > 0 and moved_by["end"] > 0


def test_prosody_hears_pitch(scorer):
    moved_by = gradients(scorer, PROSODIC, random_heard(1), even_phrase(CLASSES, WORD))

    assert moved_by["tone"] > 0 and moved_by["level"] > 0 and moved_by["melody"] > 0


def with_gap(heard, phrase, after, frames):
    """The same speech with frames put in after a phone, which belong to no phone."""
    place = int(phrase.end[0, after]) + 1  # CTC's peaks are sought one frame beyond a phone, too

    def longer(values):
        return torch.cat(
            (values[:, :place], values[:, :1].expand(-1, frames, *values.shape[2:]), values[:, place:]), 1
        )

    later = (torch.arange(phrase.start.shape[1]) > after) * float(frames)
    moved = replace(phrase, start=phrase.start + later, end=phrase.end + later)
    return replace(heard, **{name: longer(values) for name, values in vars(heard).items()}), moved


def test_a_pause_moves_fluency_and_neither_accuracy_nor_phones(scorer):
    heard = random_heard(1)
    phrase = even_phrase(CLASSES, WORD, duration=4.0, gap=2.0)

    with torch.no_grad():
        before = scorer(heard, phrase, 4)
        after = scorer(*with_gap(heard, phrase, after=4, frames=100), 4)

    torch.testing.assert_close(after.phone, before.phone)
    torch.testing.assert_close(after.word, before.word)
    torch.testing.assert_close(after.whole[:, ACCURACY], before.whole[:, ACCURACY])
    assert not torch.allclose(after.whole[:, FLUENCY], before.whole[:, FLUENCY], atol=1e-3)


def test_a_phrase_alone_is_scored_as_in_a_batch(scorer):
    heard, phrase = random_heard(2), repeated(even_phrase(CLASSES, WORD), 2)
    phrase.classes[1, 6:] = 0
    phrase.word[1, 6:] = 2
    alone_heard = replace(heard, **{name: values[1:, :45] for name, values in vars(heard).items()})
    alone_phrase = PhraseBatch(*(values[1:, :6] for values in vars(phrase).values()))

    with torch.no_grad():
        both = scorer(heard, phrase, 4)
        alone = scorer(alone_heard, alone_phrase, 3)

    torch.testing.assert_close(both.phone[1:, :6], alone.phone)
    torch.testing.assert_close(both.wrong[1:, :6], alone.wrong)
    torch.testing.assert_close(both.word[1:, :3], alone.word)
    torch.testing.assert_close(both.whole[1:, ACCURACY], alone.whole[:, ACCURACY])
    # The last phone of a phrase is marked as the last of its word only where no padding follows.
    torch.testing.assert_close(both.whole[1:], alone.whole, rtol=0, atol=5e-3)


def test_number_of_words_may_be_given_as_their_indices(scorer):
    heard, phrase = random_heard(1), even_phrase(CLASSES, WORD)

    with torch.no_grad():
        assert torch.equal(scorer(heard, phrase, 4).word, scorer(heard, phrase, torch.arange(4)).word)


def test_ensemble_is_the_mean_of_members_that_differ():
    torch.manual_seed(0)
    ensemble = Ensemble(2, TINY, dropout=0.1, layers=1).eval()

    with torch.no_grad():
        first, second = ensemble(random_heard(1), even_phrase(CLASSES, WORD), 4)
    mean = mean_scores([first, second])

    assert not torch.equal(first.whole, second.whole)
    for name in ("phone", "wrong", "word", "whole"):
        torch.testing.assert_close(getattr(mean, name), (getattr(first, name) + getattr(second, name)) / 2)


def test_without_reference_frames_outside_the_phrase_have_no_say():
    torch.manual_seed(0)
    scorer = ScorerWithoutReference(TINY, dropout=0.0).eval()
    heard, other = random_heard(1), random_heard(1, seed=1)
    inside = torch.zeros(1, 60)
    inside[:, 5:50] = 1
    changed = replace(
        heard,
        **{
            name: torch.cat((getattr(other, name)[:, :5], values[:, 5:50], getattr(other, name)[:, 50:]), 1)
            for name, values in vars(heard).items()
        },
    )

    with torch.no_grad():
        torch.testing.assert_close(scorer(changed, inside), scorer(heard, inside))
        assert not torch.allclose(scorer(other, inside), scorer(heard, inside))
