"""Which speakers of the corpus train a model, which choose its best weights, and which it is reported on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from enunciate.corpus.label_completion import complete_labels
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import hold_out_fold, hold_out_speakers
from enunciate.schema import Utterance
from enunciate.storage import write_whole
from enunciate.training.recipe_file import SplitRecipe

HELD_OUT = "held_out.json"
"""File in a run's `out` with the ids of the utterances that did not train the model."""


@dataclass(frozen=True)
class SpeakerSplit:
    """Three sets of utterances that share no speaker."""

    train: list[Utterance]
    dev: list[Utterance]
    report: list[Utterance]

    def write_held_out(self, out: Path) -> None:
        """Write the ids of the held-out utterances, so that other systems can be measured on the same."""
        ids = {"dev": [u.id for u in self.dev], "report": [u.id for u in self.report]}
        write_whole(out / HELD_OUT, json.dumps(ids, indent=1) + "\n")


def split_corpus(recipe: SplitRecipe) -> SpeakerSplit:
    """Read the corpus, complete the labels of its train split, and split its speakers as the recipe says.

    Raises:
        CorpusError: The corpus is broken.
    """
    train = load_corpus(recipe.corpus, "train") if recipe.split != "test" else []
    train = list(complete_labels(recipe.corpus, train).utterances)
    needs_test = recipe.report or recipe.speakers_held_out
    test = load_corpus(recipe.corpus, "test") if needs_test else []
    learn, report = train, test
    if recipe.speakers_held_out:
        others, report = hold_out_fold(test, recipe.folds, recipe.hold_out)
        learn = train + others if recipe.split != "train" else train
    learn, dev = hold_out_speakers(learn, recipe.dev_speakers)
    return SpeakerSplit(learn[: recipe.limit], dev, report if recipe.report else [])
