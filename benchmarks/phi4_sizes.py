"""What the measurements of Phi-4-multimodal's speed share: sizes, random models, batches, a clock.

Weights are random, so nothing is downloaded. The lengths are those of Speechocean762 with the checkpoint's
vocabulary: 439 tokens for an example of APA with the full rubric and 211 for one of MDD, of which 28 and 44
are the answer and 50 stand for a clip of 4 s; with the control token alone, 86 and 103. With the instruction
before the audio, 355 and 112 of them come before it, and are the same in all examples of the task.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peft
import torch
import transformers
from torch import Tensor

from enunciate.speech_lm.families.phi4.config import full_config, small_config
from enunciate.speech_lm.families.phi4.model import random_base
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX

GIB = 2**30


@dataclass(frozen=True)
class Lengths:
    """Tokens of an example of one task."""

    total: int
    answer: int
    instruction: int = 0
    """Those before the audio, if the instruction stands there."""


@dataclass(frozen=True)
class Size:
    """A model and the examples for it."""

    config: Callable[[], Any]
    device: torch.device
    dtype: torch.dtype
    rank: int
    frames: int
    """Frames of 10 ms of a clip."""
    examples: dict[str, Lengths]

    @property
    def audio_tokens(self) -> int:
        """Tokens of a clip."""
        return -(-self.frames // 8)


def full_size(device: str, *, control_token_alone: bool = False) -> Size:
    """Return the checkpoint's size in bfloat16."""
    rubric = {"apa": Lengths(439, 28, 355), "mdd": Lengths(211, 44, 112)}
    short = {"apa": Lengths(86, 28), "mdd": Lengths(103, 44)}
    examples = short if control_token_alone else rubric
    return Size(full_config, torch.device(device), torch.bfloat16, 320, 398, examples)


def tiny_size(device: str) -> Size:
    """Return a size for a CPU, in float32."""

    def config() -> Any:
        return small_config(vocab_size=300, audio_token_id=4, pad_token_id=0, end_token_id=1)

    examples = {"apa": Lengths(40, 5, 20), "mdd": Lengths(25, 8, 5)}
    return Size(config, torch.device(device), torch.float32, 4, 80, examples)


def random_model(size: Size) -> Any:
    """Return a base with random weights, the same in every call."""
    torch.manual_seed(0)
    return random_base(size.config(), size.dtype, size.device)


def random_batch(
    size: Size, config: Any, task: str, rows: int, seed: int = 0, shared: int = 0
) -> dict[str, Tensor]:
    """Return random examples of equal length, as the collator makes them.

    They begin with the same `shared` tokens, and have their audio after these, or after the first token.
    """
    chance = torch.Generator().manual_seed(seed)
    total, answer = size.examples[task].total, size.examples[task].answer
    highest, start = min(config.vocab_size, 199_000), shared or 1
    ids = torch.randint(5, highest, (rows, total), generator=chance)
    ids[:, :shared] = torch.randint(5, highest, (shared,), generator=torch.Generator().manual_seed(total))
    ids[:, start : start + size.audio_tokens] = config.audio_config.audio_token_id
    labels = torch.full((rows, total), IGNORE_INDEX)
    labels[:, -answer:] = ids[:, -answer:]
    places = torch.arange(total - answer - 1, total - 1) + (total - 1) * torch.arange(rows)[:, None]
    batch = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "labels": labels,
        "answer_places": places.flatten(),
        "audio_input_features": torch.randn(rows, size.frames, 80, generator=chance) * 3.8 + 13.8,
        "audio_embed_sizes": torch.full((rows,), size.audio_tokens),
        "audio_attention_mask": torch.ones(rows, size.frames, dtype=torch.bool),
    }
    return {name: value.to(size.device) for name, value in batch.items()}


class Clock:
    """Seconds since the last reading, after all work on the device is done."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.last = device, time.perf_counter()

    def read(self) -> float:
        """Return the time, and start again."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        passed, self.last = now - self.last, now
        return passed


def free_memory(device: torch.device) -> None:
    """Let go of what is not used any more, and begin to count the peak anew."""
    import gc

    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_gib(device: torch.device) -> float | None:
    """Return the peak of the memory of tensors; None on a CPU."""
    return torch.cuda.max_memory_allocated() / GIB if device.type == "cuda" else None


def count_operators(function: Callable[[], Any]) -> dict[str, int]:
    """Return how many operators of torch a call runs, and how many values of tensors the host looks at."""
    function()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        function()
    names = [event.name for event in profile.events()]
    looks = names.count("aten::_local_scalar_dense")  # where a GPU would be waited for
    return {"operators": sum(name.startswith("aten::") for name in names), "host_looks": looks}


def environment(device: torch.device) -> dict[str, Any]:
    """Return what a measurement is made with."""
    return {
        "event": "environment",
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "peft": peft.__version__,
    }


class Report:
    """Prints lines of JSON, and appends them to a file if one is given."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def line(self, **values: Any) -> None:
        """Write one line; numbers are rounded."""
        rounded = {k: round(v, 4) if isinstance(v, float) and v > 1e-3 else v for k, v in values.items()}
        text = json.dumps(rounded)
        print(text, flush=True)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text + "\n")
