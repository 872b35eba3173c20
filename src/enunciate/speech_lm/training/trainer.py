"""`transformers.Trainer` with our batches, whole checkpoints of what is trained, evaluation by decoding."""

# The libraries' annotations leave many types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import Accelerator
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler
from transformers import PrinterCallback, Trainer, TrainingArguments

from enunciate.speech_lm.adapter import save_adapter
from enunciate.speech_lm.training.adapter_recipe import HIGHER_IS_BETTER, Phi4Recipe
from enunciate.speech_lm.training.answer_metrics import Figures
from enunciate.speech_lm.training.callbacks import Cadence, JsonLines, Progress
from enunciate.speech_lm.training.data import Collator, Example, LengthBatches
from enunciate.training.checkpoints import Marker, checkpoints, clear_rubbish, keep_last, seal

LOG = "log.jsonl"
BEST = "best-"
_TRAINED = "trained.safetensors"

Measure = Callable[[PeftModel, Accelerator], Figures]
"""Measures a model in evaluation mode on the dev speakers; every process calls it and gets the same."""


class Examples(Dataset[Example]):
    """A list of examples as torch wants it."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Example:
        return self.examples[index]


class Share(Sampler[list[int]]):
    """Every n-th batch, for one of n processes: together they take the batches that one process would.

    accelerate could deal batches out itself, but forgets the epoch's order when it skips to where a stopped
    run of several processes was.
    """

    def __init__(self, batches: LengthBatches, process: int, processes: int) -> None:
        super().__init__()
        self.batches, self.process, self.processes = batches, process, processes
        self.batch_size, self.drop_last = batches.batch_size, False

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch."""
        self.batches.set_epoch(epoch)

    def __len__(self) -> int:
        return math.ceil(len(self.batches) / self.processes)

    def __iter__(self) -> Iterator[list[int]]:
        dealt = list(self.batches)
        missing = -len(dealt) % self.processes  # each process must have as many: the first ones come again
        again = islice(cycle(dealt), missing)
        return islice([*dealt, *again], self.process, None, self.processes)


class Loader(DataLoader[Any]):
    """Tells the sampler the epoch: transformers does that by itself only where it wraps or skips batches."""

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch."""
        cast("Share", self.batch_sampler).set_epoch(epoch)


class AdapterTrainer(Trainer):
    """One run of a recipe.

    The loss, its division by the step's number of answer tokens, and the restriction of the vocabulary to the
    answers' positions are in the model's own `forward` (`objective`).
    """

    def __init__(
        self,
        model: PeftModel,
        recipe: Phi4Recipe,
        arguments: TrainingArguments,
        collator: Collator,
        examples: Sequence[Example],
        measure: Measure | None,
    ) -> None:
        self.recipe, self.measure = recipe, measure
        self.lines = JsonLines(recipe.out / LOG)
        super().__init__(
            model=model,
            args=arguments,
            data_collator=cast("Any", collator),
            train_dataset=cast("Any", Examples(examples)),
            callbacks=[self.lines, Progress()],
        )
        self.remove_callback(PrinterCallback)
        batches = LengthBatches([e.length for e in examples], recipe.batch_size, recipe.seed)
        self.share = Share(batches, self.args.process_index, self.args.world_size)
        steps_an_epoch = -(-len(self.share) // recipe.accumulation)
        self.add_callback(Cadence(recipe.evaluate_every, recipe.save_every, steps_an_epoch))
        assert self.model_accepts_loss_kwargs, "the model divides the loss by the tokens of the whole step"

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes."""
        return cast("bool", self.args.process_index == 0)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Batches of like length; every process sees those of one process, dealt out."""
        return Loader(
            cast("Dataset[Any]", self.train_dataset),
            batch_sampler=self.share,
            collate_fn=cast("Any", self.data_collator),
            pin_memory=self.args.device.type == "cuda",
        )

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Not counted: transformers' count goes through all parameters in every step, and is wrong here."""
        return 0

    # ------------------------------------------------------------------------------------------ evaluation

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Measure on the dev speakers, log it, and keep the adapter if it is the best so far."""
        if self.measure is None:
            return {}
        model = cast("PeftModel", self.accelerator.unwrap_model(self.model))
        was_training = model.training
        model.eval()
        with torch.no_grad(), self.accelerator.autocast():
            found = self.measure(model, self.accelerator)
        model.train(was_training)
        logged = {f"eval_{name}": value for name, value in found.items() if value is not None}
        self.log(logged)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, logged)
        self._keep_if_best(found)
        return logged

    def _keep_if_best(self, found: Figures) -> None:
        name = self.recipe.chooses_by
        value, best = found.get(name), self.state.best_metric
        higher = name in HIGHER_IS_BETTER
        if value is not None and (best is None or (value > best if higher else value < best)):
            self.state.best_metric, self.state.best_global_step = value, self.state.global_step
            self.save_adapter(self.recipe.out / f"{BEST}{self.state.global_step}")

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter as PEFT does; with FSDP all processes must come here."""
        state: dict[str, Tensor] | None = None
        if self.is_fsdp_enabled:
            state = cast("dict[str, Tensor]", self.accelerator.get_state_dict(self.model))
        if self.is_first:
            save_adapter(cast("PeftModel", self.accelerator.unwrap_model(self.model)), folder, state)
        self.accelerator.wait_for_everyone()

    def best_adapter(self) -> Path | None:
        """The folder of the best adapter, where there was an evaluation that chose one."""
        step = self.state.best_global_step
        return None if step is None else self.recipe.out / f"{BEST}{step}"

    # ----------------------------------------------------------------------------------------- checkpoints

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """As transformers does, and then the marker that makes the checkpoint count."""
        folder, step = checkpoints(self.recipe.out), self.state.global_step
        if self.is_first:
            clear_rubbish(folder, after=step - 1)
        self.accelerator.wait_for_everyone()
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()  # all processes have written their random states
        if self.is_first:
            seal(folder / f"checkpoint-{step}", Marker(step=step, processes=self.args.world_size))
            keep_last(folder, self.recipe.keep_checkpoints)
            self._forget_worse()

    def _forget_worse(self) -> None:
        """Delete adapters that are no longer the best: with this checkpoint, none counts on them any more."""
        for path in self.recipe.out.glob(f"{BEST}*"):
            if path != self.best_adapter():
                shutil.rmtree(path, ignore_errors=True)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """What is trained, and nothing of the frozen base; FSDP saves it beside its optimiser state."""
        if self.is_first and not self.is_fsdp_enabled:
            folder = Path(output_dir or checkpoints(self.recipe.out))
            folder.mkdir(parents=True, exist_ok=True)
            tensors = {name: p.detach().cpu().contiguous().clone() for name, p in self._trained().items()}
            save_file(tensors, folder / _TRAINED)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        """Put what was trained back."""
        if self.is_fsdp_enabled:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        saved, trained = load_file(Path(resume_from_checkpoint) / _TRAINED), self._trained()
        assert trained.keys() == saved.keys(), "the checkpoint was written by another strategy"
        with torch.no_grad():
            for name, parameter in trained.items():
                parameter.copy_(saved[name])

    def _trained(self) -> dict[str, nn.Parameter]:
        module = cast("nn.Module", self.accelerator.unwrap_model(self.model))
        return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
