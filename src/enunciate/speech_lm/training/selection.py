"""Which utterances a model learns from, which choose its best weights, and which it is reported on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import speaker_folds
from enunciate.errors import CorpusError
from enunciate.schema import Utterance
from enunciate.speech_lm.targets import target
from enunciate.speech_lm.training.adapter_recipe import Phi4Recipe
from enunciate.training.recipe_file import SplitRecipe

FOLD_SEED = 1
"""Folds are the same whatever the recipe's seed, so that runs of several seeds can be pooled."""


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
        others, report = _part(test, recipe.folds, recipe.hold_out)
        learn = train + others if recipe.split != "train" else train
    learn, dev = hold_out_speakers(learn, recipe.dev_speakers)
    return Material(learn[: recipe.limit], dev, report if recipe.report else [])


def hold_out_speakers(
    utterances: Sequence[Utterance], speakers: int
) -> tuple[list[Utterance], list[Utterance]]:
    """Set about so many speakers of like make-up aside: those that stay, and those set aside."""
    if not speakers:
        return list(utterances), []
    n_speakers = len({utterance.speaker for utterance in utterances})
    return _part(utterances, max(2, round(n_speakers / speakers)), 0)


def _part(utterances: Sequence[Utterance], folds: int, fold: int) -> tuple[list[Utterance], list[Utterance]]:
    """What is outside a fold, and what is in it."""
    held = set(speaker_folds(utterances, folds, FOLD_SEED)[fold])
    return (
        [u for index, u in enumerate(utterances) if index not in held],
        [u for index, u in enumerate(utterances) if index in held],
    )


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
