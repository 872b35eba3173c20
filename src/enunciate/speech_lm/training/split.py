"""The utterances that train an adapter, that choose the best one, and that it is reported on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from enunciate.corpus.label_completion import LabelRanges, complete_labels
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError
from enunciate.schema import Utterance
from enunciate.speech_lm.targets import target
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.training.speaker_split import SpeakerSplit, split_corpus


@dataclass(frozen=True)
class AdapterSplit(SpeakerSplit):
    """The sets of utterances, with what is known of the labels that are learnt."""

    watched: list[Utterance] = field(default_factory=list[Utterance])
    """What is evaluated while the run goes on."""
    ranges: Mapping[str, LabelRanges] = field(default_factory=dict[str, LabelRanges])
    """Ranges of the scores of the train split, by the id of the utterance."""


def load_split(recipe: AdapterRecipe) -> AdapterSplit:
    """Read the corpus, split its speakers as the recipe says, and check that there are labels.

    Raises:
        CorpusError: The corpus is broken, or no training utterance has the labels that a task needs.
    """
    ranges: dict[str, LabelRanges] = {}
    if recipe.score_loss != "hard" and recipe.split != "test":
        completed = complete_labels(recipe.corpus, load_corpus(recipe.corpus, "train"))
        ranges = {u.id: r for u, r in zip(completed.utterances, completed.ranges, strict=True)}
    split = _by_protocol(recipe)
    _check_labels(recipe, split.train)
    dev = split.dev[: recipe.dev_utterances]
    watched = split.report if recipe.protocol == "official" else dev
    report = split.report if recipe.protocol == "dev" else []
    return AdapterSplit(split.train, dev, report, watched[: recipe.dev_utterances], ranges)


def _by_protocol(recipe: AdapterRecipe) -> SpeakerSplit:
    if recipe.protocol == "dev":
        return split_corpus(recipe)
    changes = {"split": "train", "folds": 0, "hold_out": 0, "dev_speakers": 0, "report": True}
    split = split_corpus(recipe.model_copy(update=changes))
    if recipe.protocol == "official":
        return split
    return SpeakerSplit((split.train + split.report)[: recipe.limit], [], [])


def _check_labels(recipe: AdapterRecipe, utterances: Sequence[Utterance]) -> None:
    needed = {"apa": "utterance scores", "mdd": "phone scores or mispronunciations"}
    for task in recipe.tasks:
        if not any(target(task, utterance, recipe.target) for utterance in utterances):
            split = {"train": "train split", "test": "test split", "all": "corpus"}[recipe.split]
            others = "" if len(recipe.tasks) == 1 else f", or tasks without {task}"
            raise CorpusError(
                f"{recipe.corpus}: no utterance of the {split} to learn from has {needed[task]} in "
                f"resource/scores.json, which {task} needs. Use the full corpus, another 'split'{others}"
            )
