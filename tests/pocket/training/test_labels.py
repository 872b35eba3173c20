"""Labels of recordings are ranges where a copy of the corpus has no exact scores."""

import json

import numpy as np
import pytest
from support.complete_corpus import make_complete_corpus
from support.tone_corpus import make_corpus

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.pocket.symbols import classes_of
from enunciate.pocket.training.labels import NOT_KNOWN, TOTAL_TOLERANCE, corpus_labels, stresses

INEXACT = ("fluency", "prosodic", "total", "completeness")


@pytest.fixture(scope="module")
def exact_corpus(tmp_path_factory):
    return make_complete_corpus(tmp_path_factory.mktemp("exact"), {"train": 4, "test": 1}, clips_each=4)


@pytest.fixture(scope="module")
def ranged_corpus(tmp_path_factory):
    """Exact scores of the first three speakers of the train split, ranges of the last one."""
    root = make_corpus(tmp_path_factory.mktemp("ranged"), {"train": 4, "test": 1}, clips_each=4)
    path = root / "resource" / "scores.json"
    rows = json.loads(path.read_text())
    rng = np.random.default_rng(5)
    ranges = {}
    for key, row in rows.items():
        row |= {"fluency": int(rng.integers(3, 9)), "prosodic": int(rng.integers(3, 9))}
        row["total"] = 0.5 * row["accuracy"] + 0.3 * row["fluency"] + 0.2 * row["prosodic"]
        bins = {name: [row[name] - row[name] % 2, row[name] - row[name] % 2 + 1] for name in INEXACT[:2]}
        ranges[key] = bins | {"words": [[9, 10] for _ in row["words"]]}
        if key.startswith("train3"):
            for name in INEXACT:
                row.pop(name)
    path.write_text(json.dumps(rows))
    (root / "resource" / "ranges.json").write_text(json.dumps(ranges))
    return root


def labels_of(corpus):
    train, test = load_corpus(corpus, "train"), load_corpus(corpus, "test")
    return [*train, *test], corpus_labels(corpus, train, test)


def test_exact_scores_are_ranges_of_one_value(exact_corpus):
    for utterance, labels in zip(*labels_of(exact_corpus), strict=True):
        scores = utterance.scores
        assert labels.low == labels.high
        assert labels.low == [scores.accuracy, scores.fluency, scores.prosodic, scores.total]
        assert labels.word_low == labels.word_high == [word.accuracy for word in utterance.words]


def test_phones_have_their_classes_words_and_scores(exact_corpus):
    for utterance, labels in zip(*labels_of(exact_corpus), strict=True):
        words = utterance.words
        assert labels.classes == [label for word in words for label in classes_of(word.phones)]
        assert labels.word == [i for i, word in enumerate(words) for _ in word.phones]
        assert labels.phone_low == labels.phone_high == [s for word in words for s in word.phone_scores]
        assert (labels.n_words, labels.speaker, labels.source) == (4, utterance.speaker, "corpus")


def test_scores_known_to_within_a_bin_keep_both_ends(ranged_corpus):
    ranges = json.loads((ranged_corpus / "resource" / "ranges.json").read_text())
    inexact = [one for one in labels_of(ranged_corpus)[1] if one.id.startswith("train3")]

    assert len(inexact) == 4
    for labels in inexact:
        bins = ranges[labels.id]
        assert labels.low[0] == labels.high[0], "accuracy is exact"
        assert [labels.low[1], labels.high[1]] == bins["fluency"]
        assert [labels.low[2], labels.high[2]] == bins["prosodic"]
        assert labels.word_low == [9] * 4 and labels.word_high == [10] * 4


def test_a_missing_total_is_completed_by_the_formula_of_the_exact_ones(ranged_corpus):
    inexact = [one for one in labels_of(ranged_corpus)[1] if one.id.startswith("train3")]

    for labels in inexact:
        assert labels.high[3] - labels.low[3] == pytest.approx(2 * TOTAL_TOLERANCE)
        lowest, highest = (0.5 * s[0] + 0.3 * s[1] + 0.2 * s[2] for s in (labels.low, labels.high))
        assert lowest - 1e-6 <= (labels.low[3] + labels.high[3]) / 2 <= highest + 1e-6


def test_scores_that_nobody_gave_are_not_known(tmp_path):
    root = make_corpus(tmp_path, {"train": 1, "test": 1}, clips_each=1)
    path = root / "resource" / "scores.json"
    rows = json.loads(path.read_text())
    bare = {key: {"text": row["text"], "words": row["words"]} for key, row in rows.items()}
    for row in bare.values():
        for word in row["words"]:
            del word["phones-accuracy"]
    path.write_text(json.dumps(bare))

    for labels in labels_of(root)[1]:
        assert labels.low == labels.high == [NOT_KNOWN] * 4
        assert set(labels.phone_low) == set(labels.word_high) == {NOT_KNOWN}


def test_only_words_of_several_syllables_have_stress():
    words = [("S", "IY1"), ("AH0", "B", "AW1", "T"), ("M", "AA1", "N", "ER0", "Z")]

    assert stresses(words) == [0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0]
