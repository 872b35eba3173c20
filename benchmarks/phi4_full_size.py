"""Training steps of the full-size Phi-4-multimodal at the paper's batch: memory and time.

    PYTHONPATH=src python benchmarks/phi4_full_size.py [--out FILE.jsonl] [--checkpointing] [--steps 5]

Weights are random (nothing is downloaded) and created on the device in bfloat16; a fresh adapter of rank
320 replaces the speech adapter. A step is 8 micro-batches of 8 clips of about 4 s, half of them APA with
the full rubric (539 tokens), half MDD (274 tokens); lengths differ by up to 7 tokens within a batch, as in
real batches. The loss, gradients, clipping and AdamW are those of training. The first step of each strategy
is a warm-up and left out of the summary. `--tiny` runs the same on a CPU with a tiny model, to test this
script.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor

from enunciate.speech_lm.adapter import add_adapter, enable_checkpointing, trainable
from enunciate.speech_lm.answer_loss import answer_loss, count_items
from enunciate.speech_lm.families.phi4.config import full_config, nano_config
from enunciate.speech_lm.families.phi4.model import random_base
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX
from enunciate.speech_lm.options import AdapterConfig

GIB = 2**30
STRATEGIES = ("lora", "unfreeze")


@dataclass(frozen=True)
class Setup:
    """What is measured."""

    config: Callable[[], Any]
    device: torch.device
    rank: int = 320
    batch: int = 8
    accumulation: int = 8
    frames: int = 398
    """Frames of the longest clip, 4 s."""
    tokens: tuple[tuple[str, int, int], ...] = (("apa", 539, 27), ("mdd", 274, 110))
    """Task, tokens of the longest example, and tokens of its answer."""
    checkpointing: bool = False


def tiny(setup: Setup) -> Setup:
    """Return the same setup at a small size, for a CPU."""

    def config() -> Any:
        return nano_config(size="tiny", vocab_size=300, audio_token_id=4, pad_token_id=0, end_token_id=1)

    return replace(
        setup,
        config=config,
        rank=4,
        batch=2,
        accumulation=2,
        frames=80,
        tokens=(("apa", 40, 5), ("mdd", 25, 8)),
    )


def make_batch(setup: Setup, config: Any, length: int, answer: int) -> dict[str, Tensor]:
    """Return random examples; the n-th has n audio tokens fewer than the first."""
    shape = setup.batch, length
    ids = torch.randint(5, min(config.vocab_size, 199_000), shape)
    labels, attended = torch.full(shape, IGNORE_INDEX), torch.zeros(shape, dtype=torch.long)
    heard = torch.zeros(setup.batch, setup.frames, dtype=torch.bool)
    for index in range(setup.batch):
        frames = setup.frames - 8 * index
        ids[index, 1 : 1 + -(-frames // 8)] = config.audio_config.audio_token_id
        labels[index, length - index - answer : length - index] = 7
        attended[index, : length - index] = 1
        heard[index, :frames] = True
    batch = {
        "input_ids": ids,
        "attention_mask": attended,
        "labels": labels,
        "audio_input_features": torch.randn(setup.batch, setup.frames, 80) * 3.8 + 13.8,
        "audio_embed_sizes": heard.sum(1).add(7) // 8,
        "audio_attention_mask": heard,
    }
    return {name: value.to(setup.device) for name, value in batch.items()}


class Clock:
    """Measures milliseconds since the last reading, after all work on the device is done."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.last = device, time.perf_counter()

    def ms(self) -> float:
        """Return the time, and start again."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        passed, self.last = 1000 * (now - self.last), now
        return passed


def gib(setup: Setup, peak: bool) -> float | None:
    """Return the memory of tensors in GiB, now or its peak since the strategy started."""
    if setup.device.type != "cuda":
        return None
    return (torch.cuda.max_memory_allocated() if peak else torch.cuda.memory_allocated()) / GIB


def measure(setup: Setup, strategy: str, steps: int, log: Callable[..., None]) -> None:
    """Build, train `steps` steps after one that warms up, and log."""
    if setup.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    clock = Clock(setup.device)
    config = setup.config()
    base = random_base(config, torch.bfloat16, setup.device)
    adapter = AdapterConfig(strategy=strategy, start="fresh", rank=setup.rank, alpha=2 * setup.rank)  # pyright: ignore[reportArgumentType]
    model = add_adapter(base, adapter).train()
    if setup.checkpointing:
        enable_checkpointing(model)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-5, fused=setup.device.type == "cuda")
    sizes = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "trainable": sum(trainable(model).values()),
    }
    log(event="built", strategy=strategy, ms=clock.ms(), memory_gib=gib(setup, peak=False), **sizes)

    batches = {task: make_batch(setup, config, length, answer) for task, length, answer in setup.tokens}
    order = [list(batches)[index % len(batches)] for index in range(setup.accumulation)]
    items = sum(int(count_items(batches[task]["labels"])) for task in order)
    times: dict[str, list[float]] = {name: [] for name in (*batches, "optimiser", "step")}
    for step in range(steps + 1):
        spent: list[float] = []
        for task in order:
            clock.ms()
            with torch.autocast(setup.device.type, torch.bfloat16):
                loss = answer_loss(model, batches[task], items)
            loss.backward()
            spent.append(clock.ms())
            if step:
                times[task].append(spent[-1])
            log(event="micro_step", strategy=strategy, step=step, task=task, ms=spent[-1], loss=loss.item())
        clock.ms()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        spent.append(clock.ms())
        if step:
            times["optimiser"].append(spent[-1])
            times["step"].append(sum(spent))
        log(event="step", strategy=strategy, step=step, ms=sum(spent), peak_gib=gib(setup, peak=True))

    medians = {f"{name}_ms": statistics.median(values) for name, values in times.items()}
    log(
        event="summary",
        strategy=strategy,
        checkpointing=setup.checkpointing,
        batch=setup.batch,
        accumulation=setup.accumulation,
        peak_gib=gib(setup, peak=True),
        examples_per_s=1000 * setup.batch * setup.accumulation / medians["step_ms"],
        **medians,
    )


def environment(setup: Setup) -> dict[str, Any]:
    """Return what the measurements were made with."""
    gpu = torch.cuda.get_device_name() if setup.device.type == "cuda" else None
    return {
        "gpu": gpu,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def main() -> None:
    """Measure both strategies, one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="file that also receives the lines")
    parser.add_argument("--steps", type=int, default=5, help="timed steps")
    parser.add_argument("--strategy", choices=STRATEGIES, help="run only this one")
    parser.add_argument("--checkpointing", action="store_true", help="recompute activations")
    parser.add_argument("--tiny", action="store_true", help="a tiny model on a CPU")
    arguments = parser.parse_args()
    if arguments.steps < 1:
        parser.error("--steps: at least 1")
    if not arguments.tiny and not torch.cuda.is_available():
        parser.error("the full size needs a GPU: use --tiny to try this script on a CPU")
    device = torch.device("cpu" if arguments.tiny else "cuda")
    setup = Setup(full_config, device, checkpointing=arguments.checkpointing)
    setup = tiny(setup) if arguments.tiny else setup
    lines = arguments.out.open("w", encoding="utf-8") if arguments.out else None

    def log(**values: Any) -> None:
        rounded = {name: round(v, 4) if isinstance(v, float) else v for name, v in values.items()}
        line = json.dumps(rounded)
        print(line, flush=True)
        if lines:
            print(line, file=lines, flush=True)

    log(event="environment", **environment(setup))
    torch.manual_seed(1)
    for strategy in [arguments.strategy] if arguments.strategy else STRATEGIES:
        measure(setup, strategy, arguments.steps, log)
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
    if lines:
        lines.close()


if __name__ == "__main__":
    main()
