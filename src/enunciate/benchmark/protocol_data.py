"""The utterances of a corpus that a protocol trains on and tests on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from enunciate.benchmark.plan import Protocol
from enunciate.corpus.kinds import CorpusKind
from enunciate.corpus.label_completion import complete_labels
from enunciate.corpus.load import kind_of, load_any_corpus
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError
from enunciate.schema import ASPECTS, FrozenModel, Utterance

OFFICIAL_UTTERANCES = 2500
"""Utterances in each split of the whole corpus."""
PROTOCOL_NOTES = {
    "official": "Trained on the train split, whose speakers also served to choose and calibrate everything; "
    "tested on the test split, on which nothing was trained.",
    "folds": "Five-fold cross-validation over the labelled speakers of the test split, pooled: each "
    "utterance is scored by a model that was not trained on its speaker. This is not the official split, and "
    "these metrics cannot be compared with metrics on it.",
    "untrained": "Nothing was trained here: weights, other systems and answers as they are, on the test "
    "split. Only who made them knows whether they have learnt from its speakers.",
}


class ProtocolData(FrozenModel):
    """The sizes and identity of what a benchmark runs on, written beside its rows as `material.json`."""

    protocol: Protocol
    n_train: int
    n_train_labelled: int
    """Utterances with all four utterance scores, once labels are completed."""
    n_train_exact: int
    """Utterances with all four of them exact in the corpus."""
    n_test: int
    n_test_labelled: int
    n_test_speakers: int
    ids: str
    """SHA-256 of all utterance ids."""

    @property
    def is_official_split(self) -> bool:
        """Whether the metrics are those of the official protocol on the whole corpus."""
        whole = self.n_train == self.n_train_exact == self.n_test == self.n_test_labelled
        return self.protocol == "official" and whole and self.n_test == OFFICIAL_UTTERANCES


def load_protocol_data(corpus: Path, protocol: Protocol) -> tuple[ProtocolData, list[Utterance]]:
    """Check that a corpus has the labels that a protocol needs, and return the utterances to test on.

    The protocols that train read Speechocean762; `untrained` tests on any corpus.

    Raises:
        CorpusError: The corpus is broken or lacks the labels; the message names the other protocol.
    """
    if protocol == "untrained":
        test = load_any_corpus(corpus, "test")
        return _untrained_data(test), test
    if kind_of(corpus) is not CorpusKind.SPEECHOCEAN762:
        raise CorpusError(
            f"{corpus} is not Speechocean762, on which the {protocol} protocol trains. Give --protocol "
            "untrained to test weights and other systems on it as they are, or give it as --test-on"
        )
    train, test = load_corpus(corpus, "train"), load_corpus(corpus, "test")
    n_train = sum(map(is_labelled, complete_labels(corpus, train).utterances))
    labelled = [utterance for utterance in test if is_labelled(utterance)]
    if protocol == "official" and n_train < len(train):
        raise CorpusError(
            f"{corpus}: {n_train} of the {len(train)} utterances of the train split have utterance scores or "
            "ranges of them, and the official protocol trains on them. Use the whole corpus "
            "(https://www.openslr.org/101), or --protocol folds, which divides the labelled speakers of the "
            "test split into five folds and marks its metrics as such"
        )
    if protocol == "official" and not n_train:
        raise CorpusError(f"{corpus}: the train split is empty")
    if not labelled:
        raise CorpusError(f"{corpus}: no utterance of the test split has utterance scores to test against")
    check_disjoint(train, test)
    data = ProtocolData(
        protocol=protocol,
        n_train=len(train),
        n_train_labelled=n_train,
        n_train_exact=sum(map(is_labelled, train)),
        n_test=len(test),
        n_test_labelled=len(labelled),
        n_test_speakers=len({utterance.speaker for utterance in labelled}),
        ids=_digest(train, test),
    )
    return data, test if protocol == "official" else labelled


def _untrained_data(test: Sequence[Utterance]) -> ProtocolData:
    return ProtocolData(
        protocol="untrained",
        n_train=0,
        n_train_labelled=0,
        n_train_exact=0,
        n_test=len(test),
        n_test_labelled=len(test),
        n_test_speakers=len({utterance.speaker for utterance in test}),
        ids=_digest([], test),
    )


def _digest(train: Sequence[Utterance], test: Sequence[Utterance]) -> str:
    ids = "\n".join([*(u.id for u in train), "", *(u.id for u in test)])
    return hashlib.sha256(ids.encode()).hexdigest()


def is_labelled(utterance: Utterance) -> bool:
    """Whether an utterance has all four human utterance scores."""
    scores = utterance.scores
    return scores is not None and all(getattr(scores, aspect) is not None for aspect in ASPECTS)


def check_disjoint(train: Sequence[Utterance], test: Sequence[Utterance]) -> None:
    """Check that no speaker is in both splits.

    Raises:
        CorpusError: A speaker is.
    """
    both = sorted({u.speaker or "" for u in train} & {u.speaker or "" for u in test} - {""})
    if both:
        raise CorpusError(
            f"speaker {both[0]} and {len(both) - 1} more are in both train and test: correct utt2spk"
        )
