"""What a run reports while it goes on: the log of JSON lines, experiment trackers, and a progress bar."""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from tqdm.auto import tqdm

_SHOWN = ("loss", "pcc", "per", "wer")


class RunLog:
    """Reports from the first process only."""

    def __init__(
        self, path: Path, accelerator: Accelerator, n_steps: int, done: int, elapsed_s: float = 0.0
    ) -> None:
        """Open the log.

        Args:
            path: The file of JSON lines, which is appended to.
            accelerator: Knows the process, and the trackers.
            n_steps: Steps of the whole run.
            done: Steps that were made before this process started.
            elapsed_s: Seconds that these steps took.
        """
        self.path, self.started_s = path, time.monotonic() - elapsed_s
        self._accelerator = accelerator
        hidden = not (accelerator.is_main_process and sys.stderr.isatty())
        self._bar: tqdm[Any] = tqdm(total=n_steps, initial=done, desc="training", unit="step", disable=hidden)

    @property
    def elapsed_s(self) -> float:
        """Seconds of the run so far."""
        return time.monotonic() - self.started_s

    def advance(self) -> None:
        """Show one more step."""
        self._bar.update()

    def report(self, step: int, values: Mapping[str, Any]) -> None:
        """Log values of a step everywhere."""
        self.write({"step": step, "elapsed_s": round(self.elapsed_s, 1)} | dict(values))
        numbers = {k: v for k, v in values.items() if isinstance(v, int | float)}
        self._accelerator.log(numbers, step=step)
        shown = {k: v for k, v in numbers.items() if k.removeprefix("eval_") in _SHOWN}
        self._bar.set_postfix_str(", ".join(f"{key} {value:.3f}" for key, value in shown.items()))

    def write(self, fields: Mapping[str, Any]) -> None:
        """Append one object to the file."""
        append_line(self.path, fields, self._accelerator)

    def close(self) -> None:
        """Close the trackers and the bar, which stays on the screen."""
        self._bar.close()
        for tracker in self._accelerator.trackers:
            tracker.finish()


def append_line(path: Path, fields: Mapping[str, Any], accelerator: Accelerator) -> None:
    """Append one object to a file of JSON lines, from the first process only."""
    if accelerator.is_main_process:
        with path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({key: _plain(value) for key, value in fields.items()}) + "\n")


def _plain(value: Any) -> Any:
    return round(value, 8) if isinstance(value, float) else value
