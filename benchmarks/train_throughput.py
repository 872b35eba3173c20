"""Training steps of Phi-4-multimodal: the plain way, ours, and each option of speed alone and together.

    PYTHONPATH=src python benchmarks/train_throughput.py [--out FILE.jsonl] [--only NAME ...] [--steps 3]
    PYTHONPATH=src python benchmarks/train_throughput.py --tiny --device cpu

A step is `--accumulation` micro-batches of `--batch` clips of 4 s, half of them APA and half MDD, then
clipping and AdamW; as in a run, nothing waits for the device in a step. Each row prints examples a second,
the milliseconds of single micro-batches of either task, with a wait before and after, and the peak of memory;
the first step, which compiles, is timed by itself. Weights are random, in bfloat16
(`phi4_sizes`). The row with `join_to=auto` measures what fits first, as a run does; `--memory GIB` lets it
believe that the GPU has no more than that.

Under torchrun each process takes a GPU and as many examples, and gradients are added up once a step:

    torchrun --nproc_per_node=2 benchmarks/train_throughput.py --only "ours, all"

In the rows with the instruction first it stands before the audio, and passes of ours compute it once.

With `--tiny` everything is float32, and the loss and the gradients of every row must be those of the plain
way with the same examples to 1e-5, but for `bf16_lora`, which is rounded on purpose; else the script ends
with an error. The rows then also count the operators of a micro-batch of APA, and how often the host looks at
a value of a tensor.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from phi4_sizes import (
    GIB,
    Clock,
    Report,
    Size,
    count_operators,
    environment,
    free_memory,
    full_size,
    peak_gib,
    random_batch,
    tiny_size,
)
from phi4_training import CASES, Trainer
from torch import Tensor

from enunciate.speech_lm.training.joining import MOMENT_BYTES
from enunciate.speech_lm.training.pass_memory import fitting_tokens, memory_meter

TOLERANCE = 1e-5
FirstStep = tuple[Tensor, dict[str, Tensor]]
"""The loss and the gradients of the first step."""


def micro_batches(
    size: Size, trainer: Trainer, rows: int, accumulation: int, memory_gib: float = math.inf
) -> list[tuple[str, dict[str, Any]]]:
    """Return the micro-batches of a step with their tasks: the same examples, however many are joined."""
    found: list[tuple[str, dict[str, Any]]] = []
    fitting = cache(lambda: tokens_that_fit(size, trainer, rows, accumulation, memory_gib))
    for task, lengths in size.examples.items():
        batches = accumulation // len(size.examples)
        joined, shared = trainer.joined(batches, rows, lengths, fitting), trainer.shared(lengths)
        for start in range(0, batches, joined):
            parts = [
                random_batch(size, trainer.base.config, task, rows, start + part, shared)
                for part in range(min(joined, batches - start))
            ]
            for part, one in enumerate(parts):
                one["answer_places"] += part * rows * (lengths.total - 1)
            batch = {name: torch.cat([one[name] for one in parts]) for name in parts[0]}
            found.append((task, trainer.prepared(batch, shared)))
    return found


@dataclass(frozen=True)
class Sample:
    """What is asked of an example to choose how many tokens fit."""

    task: str
    length: int
    answer_ids: list[int]
    instruction: tuple[int, ...]


def tokens_that_fit(size: Size, trainer: Trainer, rows: int, accumulation: int, memory_gib: float) -> int:
    """Choose how many tokens a pass has by the memory, as `join_to=auto` does; 0 on a CPU."""
    meter = memory_meter(size.device)
    if meter is None:
        return 0

    def peak(samples: Sequence[Sample]) -> float:
        task, rows = samples[0].task, len(samples)
        shared = len(samples[0].instruction)
        batch = random_batch(size, trainer.base.config, task, rows, shared=shared)
        batch = trainer.prepared(batch, shared)
        return meter.peak(lambda: trainer.micro_batch(batch, 1))

    samples = [
        Sample(task, lengths.total, [0] * lengths.answer, (index,) * trainer.shared(lengths))
        for index, (task, lengths) in enumerate(size.examples.items())
        for _ in range(rows)
    ]
    most = rows * accumulation * max(lengths.total for lengths in size.examples.values())
    available = min(meter.available, memory_gib * GIB) - MOMENT_BYTES * trainer.n_trained
    tokens = fitting_tokens(samples, rows, most, available, peak)  # pyright: ignore[reportArgumentType]
    trainer.forget()
    return tokens


def measure(size: Size, name: str, options: argparse.Namespace, report: Report) -> FirstStep | None:
    """Time one row and report it; returns its first step, if gradients are to be checked."""
    trainer = Trainer(size, CASES[name], options.strategy, "aot_eager" if options.tiny else "inductor")
    batches = micro_batches(size, trainer, options.batch, options.accumulation, options.memory)
    items = sum(int((batch["labels"] >= 0).sum()) for _, batch in batches)
    clock = Clock(size.device)
    steps: list[float] = []
    loss, first = torch.zeros(()), None
    for step in range(options.steps + 1):
        clock.read()
        loss = torch.stack([trainer.micro_batch(batch, items) for _, batch in batches]).sum()
        if step == 0 and options.tiny:
            first = loss, {key: p.grad.clone() for key, p in trainer.trained.items() if p.grad is not None}
        trainer.update()
        steps.append(clock.read())
    median_s = statistics.median(steps[1:])
    times: dict[str, list[float]] = {task: [] for task in size.examples}
    for task, batch in batches:
        clock.read()
        trainer.micro_batch(batch, items)
        times[task].append(clock.read())
    trainer.forget()
    counts = count_operators(lambda: trainer.micro_batch(batches[0][1], items)) if options.tiny else {}
    processes = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
    report.line(
        event="row",
        name=name,
        processes=processes,
        examples_per_s=processes * options.batch * options.accumulation / median_s,
        micro_batch=max(len(batch["labels"]) for _, batch in batches),
        **{f"{task}_ms": 1000 * statistics.median(values) for task, values in times.items()},
        step_ms=1000 * median_s,
        first_step_s=steps[0],
        peak_gib=peak_gib(size.device),
        trained=trainer.n_trained,
        loss=float(loss),
        **counts,
    )
    return first


def measure_if_it_fits(
    size: Size, name: str, options: argparse.Namespace, report: Report
) -> FirstStep | None:
    """Do the same, or report that the memory does not suffice."""
    free_memory(size.device)
    torch._dynamo.reset()
    try:
        return measure(size, name, options, report)
    except torch.OutOfMemoryError:
        report.line(event="out of memory", name=name, peak_gib=peak_gib(size.device))
        return None


def difference(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """Return the largest distance of two gradients, relative to the size of the parameter's.

    Some, such as those of the biases of keys, are 0 but for rounding, which is not compared with itself.
    """
    assert one.keys() == other.keys()
    least = 1e-3 * max(float(value.norm()) for value in one.values())
    return max(float((other[k] - v).norm() / v.norm().clamp_min(least)) for k, v in one.items())


def check(name: str, plain: FirstStep, found: FirstStep, report: Report) -> bool:
    """Compare loss and gradients of a row with the plain way's; bf16 is rounded on purpose."""
    loss = abs(float(found[0] - plain[0])) / abs(float(plain[0]))
    gradient = difference(plain[1], found[1])
    allowed = 0.05 if CASES[name].bf16_lora else TOLERANCE
    same = loss <= allowed and gradient <= allowed
    report.line(event="check", name=name, loss=loss, gradients=gradient, allowed=allowed, same=same)
    return same


def main() -> None:
    """Measure the rows one after the other."""
    raw: Callable[..., Any] = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--out", type=Path, help="file that also receives the lines")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), help="only these rows")
    parser.add_argument("--steps", type=int, default=3, help="timed steps of each row")
    parser.add_argument("--batch", type=int, default=8, help="clips of a micro-batch")
    parser.add_argument("--accumulation", type=int, default=8, help="micro-batches of a step")
    parser.add_argument("--memory", type=float, default=math.inf, help="GiB for the row join_to=auto")
    parser.add_argument("--strategy", choices=("lora", "unfreeze"), default="lora")
    parser.add_argument("--control-token-alone", action="store_true", help="prompts without the rubric")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a tiny model, and the check of the gradients")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("the full size needs a GPU: `--tiny --device cpu` tries this script without one")
    process = int(os.environ.get("RANK", "0"))
    if "WORLD_SIZE" in os.environ:
        torch.distributed.init_process_group("nccl" if options.device == "cuda" else "gloo")
        if options.device == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.set_float32_matmul_precision("highest" if options.tiny else "high")
    size = tiny_size(options.device) if options.tiny else full_size(
        options.device, control_token_alone=options.control_token_alone
    )  # fmt: skip
    if options.tiny:
        options.batch, options.steps = 2, 1
    report = Report(options.out if process == 0 else None)
    report.line(**environment(size.device))
    names = [
        name for name in options.only if not (CASES[name].encode_once and options.strategy == "unfreeze")
    ]
    found = {name: measure_if_it_fits(size, name, options, report) for name in names}
    same: list[bool] = []
    for reference in [name for name in found if CASES[name].plain]:
        plain, first = found[reference], CASES[reference].instruction_first
        for name, one in found.items():
            alike = CASES[name].instruction_first == first and name != reference
            if alike and plain is not None and one is not None:
                same.append(check(name, plain, one, report))
    if not all(same):
        raise SystemExit("loss or gradients differ from the plain way's")


if __name__ == "__main__":
    main()
