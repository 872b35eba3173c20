"""The model card of an adapter, written from its recipe and its metrics only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

import enunciate
from enunciate.schema import ASPECTS
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.epoch_table import epoch_table, read_evaluations
from enunciate.storage import write_whole
from enunciate.training.run_folder import LOG_FILE, Metrics

CARD = "README.md"
_SETS = {
    "dev": "dev speakers",
    "dev_without_text": "dev speakers, without the text",
    "report": "held-out speakers",
    "report_without_text": "held-out speakers, without the text",
}
_NAMES = {
    **{f"{aspect}_pcc": f"{aspect}, PCC" for aspect in ASPECTS},
    "pcc_expected": "mean PCC of expected scores",
    "spearman": "mean Spearman's rank correlation",
    "spearman_expected": "mean Spearman's rank correlation of expected scores",
    "wer": "word error rate",
    "per": "phone error rate",
    "per_canonical": "phone error rate against the canonical phones",
    "precision": "phone match, precision",
    "recall": "phone match, recall",
    "f1": "phone match, F1",
    "unparsable_apa": "APA answers that did not parse",
    "unparsable_mdd": "MDD answers that did not parse",
}
_WHERE = {
    "decoder": "the decoder",
    "encoder": "the audio encoder",
    "both": "the audio encoder and the decoder",
}
_STRATEGIES = {
    "lora": "everything else frozen",
    "unfreeze": "and the audio encoder and the audio projector whole",
}


def write_card(recipe: AdapterRecipe, metrics: Metrics, folder: Path) -> None:
    """Write the card into the folder of an adapter, with the evaluations in its log."""
    write_whole(folder / CARD, render_card(recipe, metrics, read_evaluations(folder / LOG_FILE)))


def render_card(
    recipe: AdapterRecipe, metrics: Metrics, evaluations: Sequence[Mapping[str, float]] = ()
) -> str:
    """Return the card as Markdown, with the header that the Hugging Face hub reads."""
    header = {
        "base_model": recipe.model,
        "library_name": "peft",
        "language": ["en"],
        "pipeline_tag": "audio-text-to-text",
        "tags": ["pronunciation-assessment", "mispronunciation-detection", "lora", "enunciate"],
    }
    # types-PyYAML leaves the type of one parameter of `safe_dump` unknown
    front_matter: str = cast(Any, yaml).safe_dump(header, sort_keys=False)
    body = "\n".join(_sections(recipe, metrics, evaluations))
    return f"---\n{front_matter}---\n\n{body}\n"


def _sections(
    recipe: AdapterRecipe, metrics: Metrics, evaluations: Sequence[Mapping[str, float]]
) -> Iterator[str]:
    tasks = {"apa": "scores a sentence (APA)", "mdd": "writes down the words and phones heard (MDD)"}
    yield f"# {recipe.out.name}\n"
    yield (
        f"An adapter of `{recipe.model}` that {' and '.join(tasks[task] for task in recipe.tasks)}, after "
        "Ahn and Nam 2025 (arXiv 2509.02915). Read aloud English goes in, JSON comes out.\n"
    )
    yield '```python\nfrom enunciate import load_assessor\n\nassessor = load_assessor("this folder")\n```\n'
    yield "## What was trained\n"
    where, others = _WHERE[recipe.adapter.where], _STRATEGIES[recipe.adapter.strategy]
    yield f"- Weights: a LoRA adapter on {where}, {others}; {_start(recipe)}."
    yield f"- Data: Speechocean762 (CC BY 4.0), {_data(recipe)}."
    yield f"- Prompt: control token {_CONTROLS[recipe.prompt.control]}, {_prompt(recipe)}."
    batch = recipe.batch_size * recipe.accumulation
    yield (
        f"- Steps: {metrics.get('steps'):g} of {batch} examples per device, AdamW at "
        f"{recipe.learning_rate:g} ({recipe.schedule}), seed {recipe.seed}. {_kept(recipe, metrics)}"
    )
    yield f"- Software: enunciate {enunciate.__version__}; `recipe.json` has every value.\n"
    yield "## Metrics\n"
    yield from _table(metrics)
    if evaluations:
        measured = "the test split" if recipe.protocol == "official" else "the dev speakers"
        yield f"\nIn the course of training, on {measured} (epoch 0 is the adapter before its first step):\n"
        yield from epoch_table(evaluations)
    yield "\n## Limits\n"
    yield (
        "The learners spoke Mandarin first, and half of them were children; on others it may do worse. One "
        "score of one clip is uncertain. It must not decide on anything that matters to someone, such as an "
        "exam, a job or a visa."
    )


_SPLITS = {"all": "both splits", "test": "its test split", "train": "its train split"}
_CONTROLS = {"text": "as text", "special": "as a trained token", "none": "left out"}


def _start(recipe: AdapterRecipe) -> str:
    adapter = recipe.adapter
    if adapter.start == "speech":
        return "initialised from the base's own speech adapter"
    return f"initialised afresh, rank {adapter.rank}, alpha {adapter.alpha:g}"


def _data(recipe: AdapterRecipe) -> str:
    if recipe.protocol == "official":
        return "all of its train split; measured on its test split, which chose nothing"
    if recipe.protocol == "everything":
        return "both splits"
    if not recipe.speakers_held_out:
        return "its train split"
    held = f"fold {recipe.hold_out} of {recipe.folds} of the test split's speakers held out"
    return f"{_SPLITS[recipe.split]}, {held}"


def _prompt(recipe: AdapterRecipe) -> str:
    rubric = "full rubric" if recipe.prompt.rubric else "no rubric"
    if recipe.prompt.instruction == "before":
        rubric += " before the audio"
    if recipe.also_without_text:
        return f"{rubric}, each example with and without reference text in the prompt"
    return f"{rubric}, {'with' if recipe.prompt.reference_text else 'without'} reference text in the prompt"


def _kept(recipe: AdapterRecipe, metrics: Metrics) -> str:
    best = metrics.get("best_step")
    if best is None:
        return "The last step is kept."
    return f"Step {best:g} is kept, the best by {recipe.chooses_by}."


def _table(metrics: Metrics) -> Iterator[str]:
    sets = [name for name in _SETS if any(key.startswith(f"{name}_") for key in metrics)]
    if not sets:
        yield "None were measured: `enunciate evaluate --model` this folder does it."
        return
    yield "| | " + " | ".join(_SETS[name] for name in sets) + " |"
    yield "|---|" + "---|" * len(sets)
    for key, name in _NAMES.items():
        values = [metrics.get(f"{part}_{key}") for part in sets]
        if any(value is not None for value in values):
            yield f"| {name} | " + " | ".join("-" if v is None else f"{v:.3g}" for v in values) + " |"
