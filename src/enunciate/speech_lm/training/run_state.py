"""The state of a run as a checkpoint: a run that resumes from it goes on bit for bit.

The frozen base is not in it. Under FSDP, weights and optimiser are in the form that accelerate gives them.
"""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType
from safetensors.torch import (
    load_file,  # pyright: ignore[reportUnknownVariableType]
    save_file,  # pyright: ignore[reportUnknownVariableType]
)
from torch import nn

from enunciate.training.checkpoints import (
    CompletionMarker,
    checkpoints_folder,
    delete_incomplete,
    keep_latest,
    mark_complete,
)
from enunciate.training.run_folder import Metrics

_TRAINED, _OPTIMIZER, _PROGRESS = "trained.safetensors", "optimizer.pt", "progress.pt"


@dataclass
class Progress:
    """How far a run has come."""

    step: int = 0
    best_step: int | None = None
    best_value: float | None = None
    best_metrics: Metrics | None = None
    last_metrics: Metrics | None = None
    """Metrics of the latest evaluation."""
    elapsed_s: float = 0.0
    """Seconds that the run has taken, those before it was resumed included."""
    join_to: int = 0
    """Up to how many tokens micro-batches are joined; 0 joins none."""


def is_sharded(accelerator: Accelerator) -> bool:
    """Whether the model is spread over the processes."""
    return accelerator.distributed_type == DistributedType.FSDP


def trained_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return what is trained, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def save_checkpoint(
    out: Path,
    keep: int,
    accelerator: Accelerator,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
) -> None:
    """Write a checkpoint, mark it as complete, and delete older ones; all processes call this."""
    folder = checkpoints_folder(out)
    if accelerator.is_main_process:
        delete_incomplete(folder, after=progress.step - 1)
    accelerator.wait_for_everyone()
    checkpoint = folder / f"checkpoint-{progress.step}"
    checkpoint.mkdir(parents=True, exist_ok=True)
    if is_sharded(accelerator):
        accelerator.save_state(str(checkpoint))
    elif accelerator.is_main_process:
        trained = trained_parameters(accelerator.unwrap_model(model))
        save_file(
            {n: p.detach().cpu().contiguous().clone() for n, p in trained.items()}, checkpoint / _TRAINED
        )
        torch.save(optimizer.state_dict(), checkpoint / _OPTIMIZER)
    torch.save(_random_states(), checkpoint / _random_file(accelerator))
    if accelerator.is_main_process:
        torch.save(asdict(progress), checkpoint / _PROGRESS)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        mark_complete(checkpoint, CompletionMarker(step=progress.step, processes=accelerator.num_processes))
        keep_latest(folder, keep)


def load_checkpoint(
    checkpoint: Path, accelerator: Accelerator, model: nn.Module, optimizer: torch.optim.Optimizer
) -> Progress:
    """Restore everything, and return how far the run had come; all processes call this."""
    if is_sharded(accelerator):
        accelerator.load_state(str(checkpoint))
    else:
        saved, trained = load_file(checkpoint / _TRAINED), trained_parameters(accelerator.unwrap_model(model))
        assert trained.keys() == saved.keys(), "the checkpoint was written by another strategy"
        with torch.no_grad():
            for name, parameter in trained.items():
                parameter.copy_(saved[name])
        optimizer.load_state_dict(_load(checkpoint / _OPTIMIZER))
    _restore_random_states(_load(checkpoint / _random_file(accelerator)))
    return Progress(**_load(checkpoint / _PROGRESS))


def _random_file(accelerator: Accelerator) -> str:
    return f"random-{accelerator.process_index}.pt"


def _random_states() -> dict[str, Any]:
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }


def _restore_random_states(states: dict[str, Any]) -> None:
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    torch.set_rng_state(states["torch"])
    if states["cuda"] is not None:
        torch.cuda.set_rng_state(states["cuda"])


def _load(path: Path) -> Any:
    # Our own file, with random states of Python and NumPy in it, which are no tensors.
    return cast("Any", torch).load(path, map_location="cpu", weights_only=False)
