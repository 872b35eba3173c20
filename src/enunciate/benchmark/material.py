"""Which utterances of a corpus a protocol trains and tests on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from enunciate.benchmark.plan import Protocol
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError
from enunciate.schema import ASPECTS, FrozenModel, Utterance

OFFICIAL_UTTERANCES = 2500
"""Of each split of the whole corpus."""
WHAT = {
    "official": "Trained on the train split, whose speakers also gave everything that had to be chosen or "
    "calibrated; tested on the test split, of which nothing was learnt.",
    "folds": "Five-fold cross-validation over the labelled speakers of the test split, pooled: each "
    "utterance is judged by a model that never saw its speaker. This is not the official split, and its "
    "figures cannot be set beside figures of that.",
}


class Material(FrozenModel):
    """What a benchmark runs on; it is written beside the rows, and a run on other material is refused."""

    protocol: Protocol
    n_train: int
    n_train_labelled: int
    """Those with all four utterance scores."""
    n_test: int
    n_test_labelled: int
    n_test_speakers: int
    ids: str
    """SHA-256 of all ids."""

    @property
    def is_official_split(self) -> bool:
        """Whether the figures are of the official protocol on the whole corpus."""
        whole = self.n_train == self.n_train_labelled == self.n_test == self.n_test_labelled
        return self.protocol == "official" and whole and self.n_test == OFFICIAL_UTTERANCES


def load_material(corpus: Path, protocol: Protocol) -> tuple[Material, list[Utterance]]:
    """Check that a corpus has the labels that a protocol takes, and give the utterances to test on.

    Raises:
        CorpusError: the corpus is broken, or has not the labels; the message names the other protocol.
    """
    train, test = load_corpus(corpus, "train"), load_corpus(corpus, "test")
    n_train = sum(map(is_labelled, train))
    labelled = [utterance for utterance in test if is_labelled(utterance)]
    if protocol == "official" and n_train < len(train):
        raise CorpusError(
            f"{corpus}: {n_train} of the {len(train)} utterances of the train split have utterance scores, "
            "and the official protocol learns from them. This is a part of the corpus: take the whole "
            "(https://www.openslr.org/101), or --protocol folds, which deals the labelled speakers of the "
            "test split into five folds and whose figures are marked as such"
        )
    if protocol == "official" and not n_train:
        raise CorpusError(f"{corpus}: the train split is empty")
    if not labelled:
        raise CorpusError(f"{corpus}: no utterance of the test split has utterance scores to be tested on")
    check_disjoint(train, test)
    ids = "\n".join([*(u.id for u in train), "", *(u.id for u in test)])
    material = Material(
        protocol=protocol,
        n_train=len(train),
        n_train_labelled=n_train,
        n_test=len(test),
        n_test_labelled=len(labelled),
        n_test_speakers=len({utterance.speaker for utterance in labelled}),
        ids=hashlib.sha256(ids.encode()).hexdigest(),
    )
    return material, test if protocol == "official" else labelled


def is_labelled(utterance: Utterance) -> bool:
    """Whether people gave it all four utterance scores."""
    scores = utterance.scores
    return scores is not None and all(getattr(scores, aspect) is not None for aspect in ASPECTS)


def check_disjoint(train: Sequence[Utterance], test: Sequence[Utterance]) -> None:
    """No speaker may be on both sides.

    Raises:
        CorpusError: one is.
    """
    both = sorted({u.speaker or "" for u in train} & {u.speaker or "" for u in test} - {""})
    if both:
        raise CorpusError(
            f"speaker {both[0]} is in train and in test, with {len(both) - 1} more: mend utt2spk"
        )
