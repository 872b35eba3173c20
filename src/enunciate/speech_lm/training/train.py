"""From a `phi4` recipe to a saved adapter.

A recipe's `out` gets `log.jsonl` (a line for each logged step and each evaluation), `checkpoints/` (what
`--resume` goes on from), `best-STEP/` (the best adapter so far) and, at the end, the finished adapter as PEFT
has it, `adapter_model.safetensors` and `adapter_config.json`, with `recipe.json`, `metrics.json`, `README.md`
and the processor's files.
"""

# The libraries' annotations leave many types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import json
import shutil
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from peft import PeftModel
from peft.utils.save_and_load import set_peft_model_state_dict
from safetensors.torch import load_file
from torch import Tensor
from transformers import Phi4MultimodalConfig, TrainingArguments, set_seed
from transformers.utils import logging as transformers_logging

from enunciate.errors import OutputError
from enunciate.schema import Utterance
from enunciate.speech_lm.adapter import CONFIG_FILE, WEIGHTS_FILE, add_adapter
from enunciate.speech_lm.families.phi4.model import enable_checkpointing, load_base
from enunciate.speech_lm.options import Task
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.training.adapter_recipe import Phi4Recipe
from enunciate.speech_lm.training.answer_metrics import Figures
from enunciate.speech_lm.training.checks import (
    check_memory,
    check_set_up,
    check_sharding,
    is_sharded,
    read_config,
)
from enunciate.speech_lm.training.data import Collator, examples_of
from enunciate.speech_lm.training.measure import Measured
from enunciate.speech_lm.training.memory import Load
from enunciate.speech_lm.training.model_card import write_card
from enunciate.speech_lm.training.selection import Material, choose
from enunciate.speech_lm.training.trainer import AdapterTrainer
from enunciate.storage import write_whole, writing_to
from enunciate.torch_device import pick_device
from enunciate.training.checkpoints import begin, checkpoints, read_marker

METRICS = "metrics.json"
HELD_OUT = "held_out.json"
_DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
_KEPT_HOURS = 20
"""Features of so much speech (2.3 GB) stay in memory; more are made anew in every epoch."""


def train(
    recipe: Phi4Recipe, *, resume: bool = False, features: Mapping[str, Tensor] | None = None
) -> Figures:
    """Run a recipe, alone or as one of several processes (`accelerate launch`, `torchrun`).

    Args:
        recipe: What to train.
        resume: Go on from the last whole checkpoint in `out`, or begin where there is none.
        features: Of clips, by id, where they were made before: for many runs on the same clips.

    Returns:
        The figures of the kept adapter, as in `metrics.json`: `dev_...` and `report_...`.

    Raises:
        EnunciateError: of many kinds, all before anything is trained; see `checks`.
    """
    quieten()
    folder = check_set_up(recipe)
    arguments = training_arguments(recipe)
    check_sharding(recipe, arguments)
    material = choose(recipe)
    with writing_to(recipe.out):
        checkpoint = begin(recipe, resume, writes=arguments.process_index == 0)
    if checkpoint is not None:
        read_marker(checkpoint, arguments.world_size)
    processor = Processor.load(str(folder), None, recipe.prompt.control)
    trainer = _trainer(recipe, arguments, material, processor, read_config(folder), features)
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    return _finish(trainer, material, processor)


def training_arguments(recipe: Phi4Recipe) -> TrainingArguments:
    """What of a recipe is transformers' business."""
    return TrainingArguments(
        output_dir=str(checkpoints(recipe.out)),
        per_device_train_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.accumulation,
        num_train_epochs=recipe.epochs,
        max_steps=recipe.max_steps or -1,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule if recipe.schedule != "constant" else "constant_with_warmup",
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        optim="adamw_torch",
        bf16=recipe.precision == "bf16",
        use_cpu=pick_device(recipe.device).type == "cpu",
        seed=recipe.seed,
        logging_steps=recipe.log_every,
        logging_nan_inf_filter=False,  # it would wait for the device in every step, and hide what went wrong
        save_strategy="no",  # `callbacks.Cadence` asks for both
        eval_strategy="no",
        report_to=list(recipe.report_to) or "none",
        remove_unused_columns=False,
        ddp_find_unused_parameters=False,
        ddp_broadcast_buffers=False,
        disable_tqdm=True,
    )


def quieten() -> None:
    """Of what the libraries say, what a user cannot act on."""
    transformers_logging.set_verbosity_error()  # pyright: ignore[reportUnknownMemberType]
    warnings.filterwarnings("ignore", message=".*pin_memory.*")
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    warnings.filterwarnings("ignore", message=".*broadcast_buffers.*")
    if not sys.stderr.isatty():
        transformers_logging.disable_progress_bar()


def _trainer(
    recipe: Phi4Recipe,
    arguments: TrainingArguments,
    material: Material,
    processor: Processor,
    config: Phi4MultimodalConfig,
    features: Mapping[str, Tensor] | None,
) -> AdapterTrainer:
    examples = examples_of(material.learn, recipe.tasks, recipe.prompt, recipe.target, processor)
    hours = sum({example.recording: example.n_frames for example in examples}.values()) / 360_000
    collator = Collator(processor, keep_features=hours < _KEPT_HOURS, made=features)
    dev = Measured(recipe, material.dev, processor, collator) if material.dev else None
    check_memory(recipe, arguments, Load.of(recipe, examples), config)
    set_seed(recipe.seed)
    model = build(recipe, arguments, processor)
    trainer = AdapterTrainer(model, recipe, arguments, collator, examples, dev)
    counts = {task: sum(example.task == task for example in examples) for task in recipe.tasks}
    if trainer.is_first:
        _write_held_out(recipe, material)
        trainer.lines.write({"step": 0, "examples": counts, "hours": hours, "dev": len(material.dev)})
    return trainer


def build(recipe: Phi4Recipe, arguments: TrainingArguments, processor: Processor) -> PeftModel:
    """The base with the recipe's adapter, on the device of this process (FSDP places it later)."""
    base = load_base(
        recipe.model,
        revision=recipe.revision,
        dtype=_DTYPES[recipe.precision],
        device="cpu" if is_sharded(arguments) else arguments.device,
        attention=recipe.attention,
    )
    control: dict[Task, int] = processor.control_token_ids
    model = add_adapter(base, recipe.adapter, [control[task] for task in recipe.tasks if task in control])
    if recipe.gradient_checkpointing:
        enable_checkpointing(model)
    return model


# ------------------------------------------------------------------------------------------------ the end


def _finish(trainer: AdapterTrainer, material: Material, processor: Processor) -> Figures:
    """Save the kept adapter, measure it on what was held out, describe it."""
    recipe = trainer.recipe
    best = trainer.best_adapter()
    if best is None:
        trainer.save_adapter(recipe.out)
    elif trainer.is_first:
        for name in (WEIGHTS_FILE, CONFIG_FILE):
            shutil.copyfile(best / name, recipe.out / name)
    trainer.accelerator.wait_for_everyone()
    found = _figures_of(trainer, material.report, processor)
    if trainer.is_first:
        with writing_to(recipe.out):
            processor.save(recipe.out)
            write_card(recipe, found, recipe.out)
            write_whole(recipe.out / METRICS, json.dumps(found, indent=1) + "\n")
        if recipe.push_to_hub:
            push(recipe.out, recipe.push_to_hub)
    trainer.accelerator.wait_for_everyone()
    return found


def _figures_of(trainer: AdapterTrainer, report: Sequence[Utterance], processor: Processor) -> Figures:
    recipe, state = trainer.recipe, trainer.state
    found: Figures = {"steps": state.global_step, "best_step": state.best_global_step}
    kept = [row for row in state.log_history if row["step"] == state.best_global_step and "eval_loss" in row]
    for row in kept[-1:]:
        found |= {f"dev_{k.removeprefix('eval_')}": v for k, v in row.items() if k.startswith("eval_")}
    if report and not trainer.is_fsdp_enabled:
        model = cast("PeftModel", trainer.accelerator.unwrap_model(trainer.model))
        set_peft_model_state_dict(model, load_file(recipe.out / WEIGHTS_FILE))
        measured = Measured(recipe, report, processor, Collator(processor))
        model.eval()
        with torch.no_grad(), trainer.accelerator.autocast():
            figures = measured(model, trainer.accelerator)
        found |= {f"report_{name}": value for name, value in figures.items()}
        if trainer.is_first:
            trainer.lines.write({"step": state.global_step} | found)
    return found


def _write_held_out(recipe: Phi4Recipe, material: Material) -> None:
    """Ids, so that others can be measured on the same."""
    held = {"dev": [u.id for u in material.dev], "report": [u.id for u in material.report]}
    write_whole(recipe.out / HELD_OUT, json.dumps(held, indent=1) + "\n")


def push(folder: Path, repository: str) -> None:
    """Upload the adapter's files, without checkpoints and log.

    Raises:
        OutputError: the hub refuses, or cannot be reached.
    """
    from huggingface_hub import HfApi

    try:
        api = HfApi()
        api.create_repo(repository, exist_ok=True, private=True)
        cast("Any", api).upload_folder(
            repo_id=repository,
            folder_path=folder,
            ignore_patterns=["checkpoints/*", "best-*/*", "log.jsonl", HELD_OUT],
        )
    except Exception as error:  # the hub's errors have no common base
        raise OutputError(
            f"the adapter is in {folder}, but could not be pushed to {repository} ({error}). Log in with "
            f"`hf auth login`, and then: hf upload {repository} {folder}"
        ) from error
