"""Train an adapter of a speech language model from a recipe.

A recipe's `out` receives `log.jsonl` (one line per logged step and per evaluation), `checkpoints/` (for
`--resume`), `best-STEP/` (the best adapter so far) and, at the end, the finished adapter in PEFT's format,
`adapter_model.safetensors` and `adapter_config.json`, with `recipe.json`, `metrics.json`, `README.md` and the
processor's files. `answers.jsonl` and `answers-most-likely.jsonl` are the answers of the last evaluation, for
`enunciate evaluate --answers`.
"""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import shutil
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, set_seed
from peft import PeftModel
from peft.utils.save_and_load import set_peft_model_state_dict
from safetensors.torch import load_file
from torch import Tensor
from transformers.utils import logging as transformers_logging

from enunciate.errors import OutputError
from enunciate.schema import Utterance
from enunciate.speech_lm.adapter import CONFIG_FILE, WEIGHTS_FILE, add_adapter, enable_checkpointing
from enunciate.speech_lm.families.decoder_layers import compile_layers
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.batch_plan import BatchPlan
from enunciate.speech_lm.training.checks import (
    check_memory,
    check_set_up,
    check_sharding,
    check_speed_options,
    sharding_is_asked_for,
)
from enunciate.speech_lm.training.clip_audio import AugmentedClips, ClipAudio, EncodedClips, TrainingAudio
from enunciate.speech_lm.training.collator import Collator
from enunciate.speech_lm.training.data import AdapterExample, SoftScores, examples_of
from enunciate.speech_lm.training.evaluator import AdapterEvaluator
from enunciate.speech_lm.training.loop import TrainingLoop
from enunciate.speech_lm.training.memory import LargestBatch
from enunciate.speech_lm.training.model_card import write_card
from enunciate.speech_lm.training.neural_utterances import neural_utterances
from enunciate.speech_lm.training.run_state import is_sharded
from enunciate.speech_lm.training.split import AdapterSplit, load_split
from enunciate.storage import writing_to
from enunciate.torch_device import configure_cuda, pick_device
from enunciate.training.checkpoints import read_marker, start_run
from enunciate.training.run_folder import LOG_FILE, Metrics, write_metrics
from enunciate.training.speaker_split import HELD_OUT

_KEPT_HOURS = 20
"""Features of this much speech (2.3 GB) are kept; for more they are recomputed in every epoch."""


def train(
    recipe: AdapterRecipe, *, resume: bool = False, features: Mapping[str, Tensor] | None = None
) -> Metrics:
    """Run a recipe, alone or as one of several processes (`accelerate launch`, `torchrun`).

    Args:
        recipe: What to train.
        resume: Continue from the last complete checkpoint in `out`, if there is one.
        features: Precomputed features of clips, by id, for many runs on the same clips.

    Returns:
        The metrics of the kept adapter, as in `metrics.json`: `dev_...` and `report_...`.

    Raises:
        EnunciateError: A check before training failed, see `checks`, or the run diverged.
    """
    silence_libraries()
    folder = check_set_up(recipe)
    check_sharding(recipe)
    configure_cuda()
    accelerator = make_accelerator(recipe)
    check_speed_options(recipe, accelerator.num_processes)
    split = load_split(recipe)
    with writing_to(recipe.out):
        checkpoint = start_run(recipe, resume, writes=accelerator.is_main_process)
    if checkpoint is not None:
        read_marker(checkpoint, accelerator.num_processes)
    family = family_named(recipe.kind)
    processor = family.processor(str(folder), None, recipe.prompt.control)
    examples = _examples(recipe, split, processor)
    largest = LargestBatch.of(recipe, examples, processor.geometry)
    check_memory(recipe, accelerator.device, largest, family.config(folder))
    set_seed(recipe.seed if recipe.start_seed is None else recipe.start_seed)
    model = build_model(recipe, accelerator.device, processor)
    if recipe.start_seed is not None:
        set_seed(recipe.seed)
    hours = sum({example.recording: example.n_frames for example in examples}.values()) / 360_000
    audio = ClipAudio(processor, accelerator.device, keep=hours < _KEPT_HOURS, precomputed=features)
    plan = BatchPlan(examples, recipe, accelerator.process_index, accelerator.num_processes)
    evaluation = AdapterEvaluator(recipe, split.watched, processor, audio) if split.watched else None
    with accelerator.autocast():
        source = _training_audio(recipe, examples, model, processor, audio)
    loop = TrainingLoop(
        model, recipe, accelerator, plan, Collator(processor, source, recipe.pad_to), evaluation
    )
    if accelerator.is_main_process:
        split.write_held_out(recipe.out)
        with writing_to(recipe.out):
            processor.save(recipe.out)
    counts = {task: sum(example.task == task for example in examples) for task in recipe.tasks}
    loop.run(checkpoint, {"examples": counts, "hours": hours, "dev": len(split.dev)})
    with loop.exactly():
        return _finish(loop, split, processor, audio)


def make_accelerator(recipe: AdapterRecipe) -> Accelerator:
    """Return the accelerator of this process, for the recipe's device and precision."""
    device = pick_device(recipe.device)
    # An earlier run in this process would insist on its precision.
    AcceleratorState._reset_state()  # pyright: ignore[reportPrivateUsage]
    accelerator = Accelerator(
        cpu=device.type == "cpu",
        mixed_precision="bf16" if recipe.precision == "bf16" else "no",
        log_with=list(recipe.report_to) or None,
        project_dir=str(recipe.out),
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )
    if recipe.report_to:
        accelerator.init_trackers("enunciate", {"recipe": recipe.model_dump_json()})
    return accelerator


def silence_libraries() -> None:
    """Silence messages of the libraries that a user cannot act on, for the rest of the process."""
    transformers_logging.set_verbosity_error()
    warnings.filterwarnings("ignore", message=".*pin_memory.*")
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    warnings.filterwarnings("ignore", message=".*broadcast_buffers.*")
    if not sys.stderr.isatty():
        transformers_logging.disable_progress_bar()


def _examples(recipe: AdapterRecipe, split: AdapterSplit, processor: Processor) -> list[AdapterExample]:
    soft = None if recipe.score_loss == "hard" else SoftScores(recipe.score_spread, split.ranges)
    utterances = list(split.train)
    if recipe.neural is not None:
        utterances += neural_utterances(recipe.neural, recipe.limit)
    examples = examples_of(utterances, recipe.tasks, recipe.prompts, recipe.target, processor, soft)
    if recipe.attention == "sdpa" and not recipe.by_clip:
        return examples
    return [replace(example, instruction=()) for example in examples]  # no pass can share it


def _training_audio(
    recipe: AdapterRecipe,
    examples: Sequence[AdapterExample],
    model: PeftModel,
    processor: Processor,
    audio: ClipAudio,
) -> TrainingAudio:
    """Return augmented clips if the recipe asks for them, else the most that can be computed once."""
    clips = list(dict.fromkeys(example.recording for example in examples))
    if recipe.augment is not None:
        return AugmentedClips(processor, clips, audio.device, recipe.augment)
    trains_encoder = recipe.adapter.strategy == "unfreeze" or recipe.adapter.where != "decoder"
    if trains_encoder or not recipe.encode_once or sharding_is_asked_for():
        return audio
    return EncodedClips(audio, cast("Any", model).get_base_model(), clips)


def build_model(recipe: AdapterRecipe, device: torch.device, processor: Processor) -> PeftModel:
    """Load the base and add the recipe's adapter, on the device of this process (FSDP moves it later)."""
    family = family_named(recipe.kind)
    base = family.load(
        recipe.model,
        revision=recipe.revision,
        dtype=family.frozen_dtype(recipe.precision),
        device="cpu" if sharding_is_asked_for() else device,
        attention=recipe.attention,
    )
    family.fit_vocabulary(base, processor)
    model = add_adapter(base, recipe.adapter, family.control_ids(processor, recipe.tasks))
    if recipe.gradient_checkpointing:
        enable_checkpointing(model)
    if recipe.prompt.instruction == "before" and base.audio_token_id is not None:
        base.pack_rows()
    if recipe.compile_layers:
        compile_layers(cast("Any", model).get_base_model().language_model)
    return model


# ------------------------------------------------------------------------------------------------ the end


def _finish(loop: TrainingLoop, split: AdapterSplit, processor: Processor, audio: ClipAudio) -> Metrics:
    """Save the kept adapter, evaluate it on the held-out utterances, and write its model card."""
    recipe, accelerator = loop.recipe, loop.accelerator
    best = loop.best_adapter()
    dtype = loop.saved_dtype
    if best is not None and accelerator.is_main_process:
        for name in (WEIGHTS_FILE, CONFIG_FILE):
            shutil.copyfile(best / name, recipe.out / name)
    accelerator.wait_for_everyone()
    if best is not None and not is_sharded(accelerator):
        set_peft_model_state_dict(loop.peft_model, load_file(best / WEIGHTS_FILE))
    if best is not None and dtype is not None and not is_sharded(accelerator):
        loop.save_adapter(recipe.out, dtype)
    metrics = _final_metrics(loop, split.report, processor, audio)
    if accelerator.is_main_process:
        with writing_to(recipe.out):
            write_card(recipe, metrics, recipe.out)
            write_metrics(metrics, recipe.out)
        if recipe.push_to_hub:
            upload_adapter(recipe.out, recipe.push_to_hub)
    accelerator.wait_for_everyone()
    return metrics


def _final_metrics(
    loop: TrainingLoop, report: Sequence[Utterance], processor: Processor, audio: ClipAudio
) -> Metrics:
    recipe, progress, accelerator = loop.recipe, loop.progress, loop.accelerator
    metrics: Metrics = {"steps": progress.step, "best_step": progress.best_step}
    if recipe.protocol == "official":
        last = progress.last_metrics or {}
        metrics |= {f"report_{name}": value for name, value in last.items()}
    best = progress.best_metrics or {}
    metrics |= {f"dev_{name}": value for name, value in best.items() if value is not None}
    if report and not is_sharded(accelerator):
        if accelerator.is_main_process:
            write_metrics(metrics, recipe.out)
        model = loop.peft_model
        features = ClipAudio(processor, audio.device, keep=True)
        evaluator = AdapterEvaluator(recipe, report, processor, features)
        model.eval()
        with torch.no_grad(), accelerator.autocast():
            reported = evaluator(model, accelerator)
        metrics |= {f"report_{name}": value for name, value in reported.items()}
        loop.log_final({"step": progress.step} | metrics)
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
