"""Callbacks of the trainer: when to evaluate and save, the log of JSON lines, the progress bar."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from tqdm.auto import tqdm
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

Every = Literal["epoch"] | int


class EvaluationSchedule(TrainerCallback):
    """Requests evaluations and checkpoints, in this order if both are due.

    If a checkpoint were written before the evaluation of the same step, a run that resumes from it would skip
    that evaluation; and transformers evaluates an epoch only after the checkpoint of its last step. So what
    is due at the end of an epoch, or of the run, waits for `on_epoch_end`.
    """

    def __init__(self, evaluate_every: Every, save_every: Every, steps_per_epoch: int) -> None:
        self.evaluate_every: Every = evaluate_every
        self.save_every: Every = save_every
        self.steps_per_epoch = steps_per_epoch

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Request what is due within an epoch."""
        step = state.global_step
        if step % self.steps_per_epoch and step < state.max_steps:
            control.should_evaluate = _is_due(self.evaluate_every, step)
            control.should_save = _is_due(self.save_every, step)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Request what is due at the end of an epoch or of the run."""
        step, last = state.global_step, state.global_step >= state.max_steps
        control.should_evaluate = last or _is_due(self.evaluate_every, step, epoch_ends=True)
        control.should_save = last or _is_due(self.save_every, step, epoch_ends=True)


def _is_due(every: Every, step: int, *, epoch_ends: bool = False) -> bool:
    return epoch_ends if isinstance(every, str) else step % every == 0


class JsonLinesLog(TrainerCallback):
    """Appends everything that is logged to a file, one JSON object per line, from the first process only."""

    def __init__(self, path: Path) -> None:
        self.path, self.started_s = path, time.monotonic()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Write one line."""
        if state.is_world_process_zero:
            elapsed_s = round(time.monotonic() - self.started_s, 1)
            self.write({"step": state.global_step, "elapsed_s": elapsed_s} | dict(logs or {}))

    def write(self, fields: Mapping[str, Any]) -> None:
        """Append one object."""
        with self.path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({key: _plain(value) for key, value in fields.items()}) + "\n")


def _plain(value: Any) -> Any:
    return round(value, 8) if isinstance(value, float) else value


class ProgressBar(TrainerCallback):
    """A progress bar with the latest metrics, if stderr is a terminal."""

    def __init__(self) -> None:
        self.bar: tqdm[Any] | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Show the bar."""
        hidden = not (state.is_world_process_zero and sys.stderr.isatty())
        self.bar = tqdm(
            total=state.max_steps, initial=state.global_step, desc="training", unit="step", disable=hidden
        )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Advance the bar."""
        if self.bar is not None:
            self.bar.update()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Show the loss and the most important metrics."""
        shown = {key: value for key, value in (logs or {}).items() if key.removeprefix("eval_") in _SHOWN}
        if self.bar is not None:
            text = ", ".join(f"{key} {value:.3f}" for key, value in shown.items())
            self.bar.set_postfix_str(text)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Close the bar, and leave it on the screen."""
        if self.bar is not None:
            self.bar.close()


_SHOWN = ("loss", "pcc", "per", "wer")
