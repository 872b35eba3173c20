"""What happens beside the steps: when to evaluate and save, lines of JSON, a progress bar."""

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


class Cadence(TrainerCallback):
    """Asks for evaluations and checkpoints, in that order where both are due.

    A checkpoint that came before the evaluation of the same step would, resumed from, leave that one out; and
    transformers evaluates an epoch only after the checkpoint of its last step. So whatever is due at the
    end of an epoch, or of the run, waits for `on_epoch_end`.
    """

    def __init__(self, evaluate_every: Every, save_every: Every, steps_an_epoch: int) -> None:
        self.evaluate_every: Every = evaluate_every
        self.save_every: Every = save_every
        self.steps_an_epoch = steps_an_epoch

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Ask for what is due inside an epoch."""
        step = state.global_step
        if step % self.steps_an_epoch and step < state.max_steps:
            control.should_evaluate = _is_due(self.evaluate_every, step)
            control.should_save = _is_due(self.save_every, step)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Ask for what is due at the end of an epoch or of the run."""
        step, last = state.global_step, state.global_step >= state.max_steps
        control.should_evaluate = last or _is_due(self.evaluate_every, step, epoch_ends=True)
        control.should_save = last or _is_due(self.save_every, step, epoch_ends=True)


def _is_due(every: Every, step: int, *, epoch_ends: bool = False) -> bool:
    return epoch_ends if isinstance(every, str) else step % every == 0


class JsonLines(TrainerCallback):
    """Appends whatever is logged to a file, one JSON object a line, from the first process only."""

    def __init__(self, path: Path) -> None:
        self.path, self.began = path, time.monotonic()

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
            elapsed_s = round(time.monotonic() - self.began, 1)
            self.write({"step": state.global_step, "elapsed_s": elapsed_s} | dict(logs or {}))

    def write(self, fields: Mapping[str, Any]) -> None:
        """Append one object."""
        with self.path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({key: _plain(value) for key, value in fields.items()}) + "\n")


def _plain(value: Any) -> Any:
    return round(value, 8) if isinstance(value, float) else value


class Progress(TrainerCallback):
    """A bar on stderr with the last figures, where that is a terminal."""

    def __init__(self) -> None:
        self.bar: tqdm[Any] | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Draw it."""
        hidden = not (state.is_world_process_zero and sys.stderr.isatty())
        self.bar = tqdm(
            total=state.max_steps, initial=state.global_step, desc="training", unit="step", disable=hidden
        )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Move it."""
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
        """Show the loss and the figures that one watches."""
        shown = {key: value for key, value in (logs or {}).items() if key.removeprefix("eval_") in _WATCHED}
        if self.bar is not None:
            text = ", ".join(f"{key} {value:.3f}" for key, value in shown.items())
            self.bar.set_postfix_str(text)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Leave it as it is."""
        if self.bar is not None:
            self.bar.close()


_WATCHED = ("loss", "pcc", "per", "wer")
