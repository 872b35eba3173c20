from collections import Counter
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enunciate.corpus.splits import hold_out_speakers, speaker_folds
from enunciate.errors import CorpusError
from enunciate.schema import HumanScores, Utterance


def utterance(number, speaker, age=None, total=None):
    scores = None if total is None else HumanScores(total=total)
    return Utterance(id=str(number), audio=b"", speaker=speaker, age=age, scores=scores)


@st.composite
def corpora(draw):
    speakers = draw(st.integers(2, 30))
    rows = []
    for speaker in range(speakers):
        age = draw(st.one_of(st.none(), st.integers(4, 60)))
        total = draw(st.one_of(st.none(), st.integers(0, 10)))
        rows += [(f"S{speaker}", age, total)] * draw(st.integers(1, 6))
    return [utterance(i, *row) for i, row in enumerate(draw(st.permutations(rows)))]


@settings(max_examples=40)
@given(utterances=corpora(), n_folds=st.integers(2, 6), seed=st.integers(0, 100))
def test_folds_are_a_partition_disjoint_in_speakers(utterances, n_folds, seed):
    n_speakers = len({item.speaker for item in utterances})
    if n_speakers < n_folds:
        with pytest.raises(CorpusError, match=f"{n_speakers} speakers"):
            speaker_folds(utterances, n_folds, seed)
        return
    folds = speaker_folds(utterances, n_folds, seed)

    assert folds == speaker_folds(utterances, n_folds, seed)
    assert len(folds) == n_folds
    assert all(fold == sorted(fold) and fold for fold in folds)
    assert sorted(index for fold in folds for index in fold) == list(range(len(utterances)))
    owners = [{utterances[index].speaker for index in fold} for fold in folds]
    assert sum(map(len, owners)) == n_speakers
    assert max(map(len, owners)) - min(map(len, owners)) <= 1
    assert max(map(len, folds)) - min(map(len, folds)) <= 6, "no more than one large speaker apart"


def test_children_and_scores_are_spread():
    utterances = [
        utterance(i, f"S{i // 10}", age=8 if i // 10 % 2 else 30, total=i // 100) for i in range(1000)
    ]
    folds = speaker_folds(utterances, 5, seed=1)

    assert Counter(map(len, folds)) == {200: 5}
    for fold in folds:
        assert sum(utterances[i].age == 8 for i in fold) == 100
        assert fmean(utterances[i].scores.total for i in fold) == pytest.approx(4.5, abs=0.3)


def test_seeds_give_different_folds():
    utterances = [utterance(i, f"S{i}", age=20, total=5) for i in range(20)]

    assert speaker_folds(utterances, 4, seed=0) != speaker_folds(utterances, 4, seed=1)


def test_folds_need_the_speaker_of_every_utterance():
    with pytest.raises(CorpusError, match="utterance 1 has no speaker"):
        speaker_folds([utterance(0, "A"), utterance(1, None)], 2, seed=0)


@pytest.mark.parametrize("n_folds", [0, 1, 3])
def test_folds_cannot_be_more_than_speakers_or_fewer_than_two(n_folds):
    with pytest.raises(CorpusError, match=rf"2 speakers .* into {n_folds} folds: choose 2 folds \(folds=N"):
        speaker_folds([utterance(0, "A"), utterance(1, "B")], n_folds, seed=0)


def test_too_many_folds_are_refused_with_what_to_choose_instead():
    four = [utterance(i, f"S{i}") for i in range(4)]
    with pytest.raises(CorpusError, match=r"into 5 folds: choose 2 to 4 folds .*more speakers"):
        speaker_folds(four, 5, seed=0)


def test_one_speaker_cannot_be_held_out():
    with pytest.raises(CorpusError, match="at least two speakers"):
        hold_out_speakers([utterance(0, "A"), utterance(1, "A")], 1)


def test_dev_speakers_are_in_one_part_only_and_like_the_others():
    utterances = [utterance(i, f"S{i // 4}", age=8 if i // 4 % 2 else 30, total=5) for i in range(160)]
    learn, dev = hold_out_speakers(utterances, 10)

    assert len({u.speaker for u in dev}) == 10 and len(learn) + len(dev) == 160
    assert not {u.speaker for u in dev} & {u.speaker for u in learn}
    assert sum(u.age == 8 for u in dev) == 20
    assert hold_out_speakers(utterances, 0) == (utterances, [])


@pytest.mark.corpus
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_folds_of_the_corpus_are_alike(real_test, seed):
    utterances = real_test
    folds = speaker_folds(utterances, 5, seed)

    assert Counter(map(len, folds)) == {len(utterances) // 5: 5}
    for fold in folds:
        assert fmean(utterances[i].age < 18 for i in fold) == pytest.approx(0.5, abs=0.06)
        assert fmean(utterances[i].scores.total for i in fold) == pytest.approx(7.3, abs=0.35)
