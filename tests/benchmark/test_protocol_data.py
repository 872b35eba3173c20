"""Which utterances a protocol trains and tests on, and which corpora it refuses."""

import pytest
from support.complete_corpus import make_complete_corpus, without_train_scores
from support.small_corpus import edit_labels

from enunciate.benchmark.protocol_data import load_protocol_data
from enunciate.errors import CorpusError


def test_a_part_of_the_corpus_is_refused_with_the_name_of_the_other_protocol(tmp_path):
    corpus = without_train_scores(make_complete_corpus(tmp_path / "c", {"train": 2, "test": 2}, 1))

    with pytest.raises(CorpusError, match=r"0 of the 2 utterances .* --protocol folds"):
        load_protocol_data(corpus, "official")


def test_ranges_of_scores_are_labels_to_train_on_but_not_those_of_the_official_split(tmp_path):
    corpus = make_complete_corpus(tmp_path / "c", {"train": 3, "test": 2}, 2)

    def without_fluency(rows):
        del rows["train0-0"]["fluency"], rows["train0-0"]["total"]

    edit_labels(corpus, without_fluency)
    (corpus / "resource" / "ranges.json").write_text('{"train0-0": {"fluency": [7, 8]}}')
    data, test = load_protocol_data(corpus, "official")

    assert (data.n_train, data.n_train_labelled, data.n_train_exact) == (6, 6, 5) and len(test) == 4
    assert not data.is_official_split


def test_folds_take_the_labelled_speakers_of_the_test_split(tmp_path):
    corpus = without_train_scores(make_complete_corpus(tmp_path / "c", {"train": 2, "test": 2}, 1))
    data, test = load_protocol_data(corpus, "folds")

    assert {utterance.speaker for utterance in test} == {"test0", "test1"}
    assert not data.is_official_split


def test_a_speaker_in_both_splits_is_refused(tmp_path):
    corpus = make_complete_corpus(tmp_path / "c", {"train": 2, "test": 2}, 1)
    path = corpus / "test" / "utt2spk"
    path.write_text(path.read_text().replace("\ttest0", "\ttrain1"))

    with pytest.raises(CorpusError, match=r"speaker train1 .* in both train and test"):
        load_protocol_data(corpus, "official")
