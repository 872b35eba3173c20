"""The utterances that train an adapter, that choose the best one, and that it is reported on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from enunciate.errors import CorpusError
from enunciate.schema import Utterance
from enunciate.speech_lm.targets import target
from enunciate.speech_lm.training.adapter_recipe import Phi4Recipe
from enunciate.training.speaker_split import SpeakerSplit, split_corpus


def load_split(recipe: Phi4Recipe) -> SpeakerSplit:
    """Read the corpus, split its speakers as the recipe says, and check that there are labels.

    Raises:
        CorpusError: The corpus is broken, or no training utterance has the labels that a task needs.
    """
    split = split_corpus(recipe)
    _check_labels(recipe, split.train)
    return replace(split, dev=split.dev[: recipe.dev_utterances])


def _check_labels(recipe: Phi4Recipe, utterances: Sequence[Utterance]) -> None:
    needed = {"apa": "utterance scores", "mdd": "phone scores or mispronunciations"}
    for task in recipe.tasks:
        if not any(target(task, utterance, recipe.target) for utterance in utterances):
            split = {"train": "train split", "test": "test split", "all": "corpus"}[recipe.split]
            others = "" if len(recipe.tasks) == 1 else f", or tasks without {task}"
            raise CorpusError(
                f"{recipe.corpus}: no utterance of the {split} to learn from has {needed[task]} in "
                f"resource/scores.json, which {task} needs. Use the full corpus, another 'split'{others}"
            )
