"""Train an adapter from a `phi4` recipe.

A recipe's `out` receives `log.jsonl` (one line per logged step and per evaluation), `checkpoints/` (for
`--resume`), `best-STEP/` (the best adapter so far) and, at the end, the finished adapter in PEFT's format,
`adapter_model.safetensors` and `adapter_config.json`, with `recipe.json`, `metrics.json`, `README.md` and the
processor's files.
"""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

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
from enunciate.speech_lm.training.checks import (
    check_memory,
    check_set_up,
    check_sharding,
    is_sharded,
    read_config,
)
from enunciate.speech_lm.training.data import Collator, examples_of
from enunciate.speech_lm.training.evaluator import AdapterEvaluator
from enunciate.speech_lm.training.memory import LargestBatch
from enunciate.speech_lm.training.model_card import write_card
from enunciate.speech_lm.training.split import load_split
from enunciate.speech_lm.training.trainer import AdapterTrainer
from enunciate.storage import writing_to
from enunciate.torch_device import pick_device
from enunciate.training.checkpoints import checkpoints_folder, read_marker, start_run
from enunciate.training.run_folder import LOG_FILE, Metrics, write_metrics
from enunciate.training.speaker_split import HELD_OUT, SpeakerSplit

_DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
_CACHED_HOURS = 20
"""Features of this much speech (2.3 GB) are cached; for more they are recomputed in every epoch."""


def train(
    recipe: Phi4Recipe, *, resume: bool = False, features: Mapping[str, Tensor] | None = None
) -> Metrics:
    """Run a recipe, alone or as one of several processes (`accelerate launch`, `torchrun`).

    Args:
        recipe: What to train.
        resume: Continue from the last complete checkpoint in `out`, if there is one.
        features: Precomputed features of clips, by id, for many runs on the same clips.

    Returns:
        The metrics of the kept adapter, as in `metrics.json`: `dev_...` and `report_...`.

    Raises:
        EnunciateError: A check before training failed; see `checks`.
    """
    silence_libraries()
    folder = check_set_up(recipe)
    arguments = training_arguments(recipe)
    check_sharding(recipe, arguments)
    split = load_split(recipe)
    with writing_to(recipe.out):
        checkpoint = start_run(recipe, resume, writes=arguments.process_index == 0)
    if checkpoint is not None:
        read_marker(checkpoint, arguments.world_size)
    processor = Processor.load(str(folder), None, recipe.prompt.control)
    trainer = _trainer(recipe, arguments, split, processor, read_config(folder), features)
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    return _finish(trainer, split, processor)


def training_arguments(recipe: Phi4Recipe) -> TrainingArguments:
    """Return the recipe as arguments of transformers' trainer."""
    return TrainingArguments(
        output_dir=str(checkpoints_folder(recipe.out)),
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
        logging_nan_inf_filter=False,  # it would synchronise in every step, and hide divergence
        save_strategy="no",  # `callbacks.EvaluationSchedule` requests both
        eval_strategy="no",
        report_to=list(recipe.report_to) or "none",
        remove_unused_columns=False,
        ddp_find_unused_parameters=False,
        ddp_broadcast_buffers=False,
        disable_tqdm=True,
    )


def silence_libraries() -> None:
    """Silence messages of the libraries that a user cannot act on, for the rest of the process."""
    transformers_logging.set_verbosity_error()
    warnings.filterwarnings("ignore", message=".*pin_memory.*")
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    warnings.filterwarnings("ignore", message=".*broadcast_buffers.*")
    if not sys.stderr.isatty():
        transformers_logging.disable_progress_bar()


def _trainer(
    recipe: Phi4Recipe,
    arguments: TrainingArguments,
    split: SpeakerSplit,
    processor: Processor,
    config: Phi4MultimodalConfig,
    features: Mapping[str, Tensor] | None,
) -> AdapterTrainer:
    examples = examples_of(split.train, recipe.tasks, recipe.prompt, recipe.target, processor)
    hours = sum({example.recording: example.n_frames for example in examples}.values()) / 360_000
    collator = Collator(processor, cache_features=hours < _CACHED_HOURS, precomputed=features)
    dev = AdapterEvaluator(recipe, split.dev, processor, collator) if split.dev else None
    check_memory(recipe, arguments, LargestBatch.of(recipe, examples), config)
    set_seed(recipe.seed)
    model = build_model(recipe, arguments, processor)
    trainer = AdapterTrainer(model, recipe, arguments, collator, examples, dev)
    counts = {task: sum(example.task == task for example in examples) for task in recipe.tasks}
    if trainer.is_first:
        split.write_held_out(recipe.out)
        trainer.json_log.write({"step": 0, "examples": counts, "hours": hours, "dev": len(split.dev)})
    return trainer


def build_model(recipe: Phi4Recipe, arguments: TrainingArguments, processor: Processor) -> PeftModel:
    """Load the base and add the recipe's adapter, on the device of this process (FSDP moves it later)."""
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


def _finish(trainer: AdapterTrainer, split: SpeakerSplit, processor: Processor) -> Metrics:
    """Save the kept adapter, evaluate it on the held-out utterances, and write its model card."""
    recipe = trainer.recipe
    best = trainer.best_adapter()
    if best is None:
        trainer.save_adapter(recipe.out)
    elif trainer.is_first:
        for name in (WEIGHTS_FILE, CONFIG_FILE):
            shutil.copyfile(best / name, recipe.out / name)
    trainer.accelerator.wait_for_everyone()
    metrics = _final_metrics(trainer, split.report, processor)
    if trainer.is_first:
        with writing_to(recipe.out):
            processor.save(recipe.out)
            write_card(recipe, metrics, recipe.out)
            write_metrics(metrics, recipe.out)
        if recipe.push_to_hub:
            upload_adapter(recipe.out, recipe.push_to_hub)
    trainer.accelerator.wait_for_everyone()
    return metrics


def _final_metrics(trainer: AdapterTrainer, report: Sequence[Utterance], processor: Processor) -> Metrics:
    recipe, state = trainer.recipe, trainer.state
    metrics: Metrics = {"steps": state.global_step, "best_step": state.best_global_step}
    kept = [row for row in state.log_history if row["step"] == state.best_global_step and "eval_loss" in row]
    for row in kept[-1:]:
        metrics |= {f"dev_{k.removeprefix('eval_')}": v for k, v in row.items() if k.startswith("eval_")}
    if report and not trainer.is_fsdp_enabled:
        model = cast("PeftModel", trainer.accelerator.unwrap_model(trainer.model))
        set_peft_model_state_dict(model, load_file(recipe.out / WEIGHTS_FILE))
        evaluator = AdapterEvaluator(recipe, report, processor, Collator(processor))
        model.eval()
        with torch.no_grad(), trainer.accelerator.autocast():
            reported = evaluator(model, trainer.accelerator)
        metrics |= {f"report_{name}": value for name, value in reported.items()}
        if trainer.is_first:
            trainer.json_log.write({"step": state.global_step} | metrics)
    return metrics


def upload_adapter(folder: Path, repository: str) -> None:
    """Upload the files of an adapter, without checkpoints and log.

    Raises:
        OutputError: The hub refuses, or cannot be reached.
    """
    from huggingface_hub import HfApi

    try:
        api = HfApi()
        api.create_repo(repository, exist_ok=True, private=True)
        cast("Any", api).upload_folder(
            repo_id=repository,
            folder_path=folder,
            ignore_patterns=["checkpoints/*", "best-*/*", LOG_FILE, HELD_OUT],
        )
    except Exception as error:  # the hub's errors have no common base
        raise OutputError(
            f"the adapter is in {folder}, but could not be pushed to {repository} ({error}). Log in with "
            f"`hf auth login`, and then: hf upload {repository} {folder}"
        ) from error
