"""How many clips a second `whisper` answers in batches, with torch on a GPU.

    PYTHONPATH=src python benchmarks/whisper_throughput.py --model FOLDER [--adapter FOLDER] [--clips 4096]
    PYTHONPATH=src python benchmarks/whisper_throughput.py --model FOLDER --device cpu --clips 8 --batches 4

The clips are the example with silence up to 4 s, each with other faint noise, so that answers are as long as
those about real speech. For each size of batch there is a line with the seconds of APA, of MDD and of both
tasks about all clips, encoder included; the first batch, which is not counted, is timed by itself. Features
are computed before, and timed by themselves on one core. `--bf16` computes under autocast, as training does.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from importlib.resources import files
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is imported

import numpy as np
import torch
from phi4_sizes import Clock, Report, environment, free_memory, peak_gib
from torch import Tensor

from enunciate.audio import SAMPLE_RATE_HZ, Samples, load
from enunciate.speech_lm.adapter import load_adapter, merged
from enunciate.speech_lm.adapter_folder import read_description
from enunciate.speech_lm.decoding.decoder import ClipFeatures, Decoder
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.options import TASKS, Task
from enunciate.torch_device import configure_cuda

EXAMPLE = Path(__file__).parents[1] / "examples" / "i_think_the_weather_is_nice.flac"
SECONDS = 4
NOISE = 1e-3
"""Standard deviation of the noise, relative to full scale."""
ASKED: dict[str, tuple[Task, ...]] = {"apa": ("apa",), "mdd": ("mdd",), "both": TASKS}


def make_clips(features_of: Callable[[Samples], Tensor], n: int) -> tuple[list[ClipFeatures], float]:
    """Return clips, and the milliseconds that the features of one take."""
    speech = load(EXAMPLE).samples
    samples = np.pad(speech, (0, SECONDS * SAMPLE_RATE_HZ - len(speech)))
    chance = np.random.default_rng(0)
    began, clips = time.process_time(), []
    for _ in range(n):
        noisy = (samples + NOISE * chance.standard_normal(len(samples))).astype(np.float32)
        clips.append(ClipFeatures(features_of(noisy), float(SECONDS), None))
    return clips, 1000 * (time.process_time() - began) / n


def main() -> None:
    """Measure each size of batch."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="folder with Whisper base")
    parser.add_argument("--adapter", type=Path, help="folder of an adapter; the default is what ships")
    parser.add_argument("--clips", type=int, default=4096)
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 256, 512, 1024])
    parser.add_argument("--paths", type=int, help="beginnings of a score answer; the default is the engine's")
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16 where autocast does")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, help="file that also receives the lines")
    options = parser.parse_args()
    torch.set_num_threads(1)
    configure_cuda()
    device, family = torch.device(options.device), family_named("whisper")
    adapter = options.adapter or Path(str(files("enunciate.speech_lm.whisper_onnx"))) / "adapter"
    trained = read_description(adapter)
    processor = family.processor(str(options.model), None, trained.prompt.control)
    base = family.load(str(options.model), dtype=torch.float32, device=device)
    model = merged(load_adapter(base, adapter, trainable=False))
    paths = options.paths or family.score_paths
    report = Report(options.out)
    clips, features_ms = make_clips(processor.features, options.clips)
    report.line(**environment(device), paths=paths, bf16=options.bf16, features_ms_a_clip=features_ms)
    clock = Clock(device)
    for batch in options.batches:
        decoder = Decoder(
            model, processor, trained.prompt, max_batch=batch, target=trained.target, paths=paths
        )
        free_memory(device)
        seconds: dict[str, float] = {}
        with torch.autocast(device.type, torch.bfloat16) if options.bf16 else nullcontext():
            for name, tasks in ASKED.items():
                clock.read()
                answers = decoder.decode_features(tasks, clips[:batch])
                first_s = clock.read()
                decoder.decode_features(tasks, clips)
                seconds[f"{name}_s"] = clock.read()
        report.line(
            event="row",
            batch=batch,
            clips=len(clips),
            **seconds,
            first_batch_s=first_s,
            clips_per_s=len(clips) / seconds["both_s"],
            peak_gib=peak_gib(device),
            answer=json.loads(answers["mdd"][0].raw),
        )


if __name__ == "__main__":
    main()
