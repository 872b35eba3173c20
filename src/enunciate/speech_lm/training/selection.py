"""Which utterances a model learns from, which choose its best weights, and which it is reported on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import hold_out_fold, hold_out_speakers
from enunciate.errors import CorpusError
from enunciate.schema import Utterance
from enunciate.speech_lm.targets import target
from enunciate.speech_lm.training.adapter_recipe import Phi4Recipe
from enunciate.training.recipe_file import SplitRecipe


@dataclass(frozen=True)
class Material:
    """Three sets of utterances that share no speaker."""

    learn: list[Utterance]
    dev: list[Utterance]
    report: list[Utterance]


def choose(recipe: Phi4Recipe) -> Material:
    """Read the corpus and part it as the recipe says.

    Raises:
        CorpusError: the corpus is broken, or nothing in it has the labels that a task needs.
    """
    parted = part_corpus(recipe)
    material = replace(parted, dev=parted.dev[: recipe.dev_utterances])
    _check_labels(recipe, material.learn)
    return material


def part_corpus(recipe: SplitRecipe) -> Material:
    """Read the corpus and part its speakers.

    Raises:
        CorpusError: the corpus is broken.
    """
    train = load_corpus(recipe.corpus, "train") if recipe.split != "test" else []
    needs_test = recipe.report or recipe.speakers_held_out
    test = load_corpus(recipe.corpus, "test") if needs_test else []
    learn, report = train, test
    if recipe.speakers_held_out:
        others, report = hold_out_fold(test, recipe.folds, recipe.hold_out)
        learn = train + others if recipe.split != "train" else train
    learn, dev = hold_out_speakers(learn, recipe.dev_speakers)
    return Material(learn[: recipe.limit], dev, report if recipe.report else [])


def _check_labels(recipe: Phi4Recipe, learn: Sequence[Utterance]) -> None:
    needed = {"apa": "utterance scores", "mdd": "phone scores or mispronunciations"}
    for task in recipe.tasks:
        if not any(target(task, utterance, recipe.target) for utterance in learn):
            split = {"train": "train split", "test": "test split", "all": "corpus"}[recipe.split]
            others = "" if len(recipe.tasks) == 1 else f", or tasks without {task}"
            raise CorpusError(
                f"{recipe.corpus}: no utterance of the {split} to learn from has {needed[task]} in "
                f"resource/scores.json, which {task} needs. Use the full corpus, another 'split'{others}"
            )
