"""How long an answer of Phi-4-multimodal takes: the plain `generate`, our plain loop, and static passes.

    PYTHONPATH=src python benchmarks/decode_latency.py [--out FILE.jsonl] [--compile] [--batches 1 8 32 64]
    PYTHONPATH=src python benchmarks/decode_latency.py --tiny --device cpu

Each row has the median milliseconds of APA, of MDD and of both tasks about a batch of clips of 4 s, and clips
a second for both. The first answer, in which layers are compiled and graphs captured, is timed by itself.
Encoder, prompt and answer are in all times, features are not. Weights are random, in bfloat16; prompts have
the lengths of the checkpoint's vocabulary (`phi4_sizes`). A random model writes until it is stopped, so a
transcript of about 44 tokens is put in the place of its choices; every choice is computed all the same.

First the answers of static passes are compared with those of the plain loop, in float32 and without the
transcript that is put in: they must be the same, token for token, or the script ends with an error. With the
vocabulary of `--ranks` (js-tiktoken's o200k_base.js) the grammar has its real size. `--evaluation 2500` times
what an evaluation of a whole split of the corpus takes. `--parts` adds the seconds of the encoder, of the
prompts, of the scores' branches and of the transcript's steps to each row, `--profile 256` a table of the
kernels at that batch.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import torch
from decode_parts import profile_of, seconds_by_part
from phi4_answers import LENGTHS_S, FixedLengths, clips_of, model_of, processor_of, put_transcript_in
from phi4_sizes import (
    Clock,
    Report,
    Size,
    environment,
    free_memory,
    full_size,
    peak_gib,
    random_batch,
    tiny_size,
)

from enunciate.speech_lm.answer_loss import answer_loss
from enunciate.speech_lm.audio_batch import audio_batch
from enunciate.speech_lm.decoding.decoder import ClipFeatures, Decoder
from enunciate.speech_lm.families.decoder_layers import compile_layers
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.options import TASKS, PromptConfig, TargetConfig, WeightFormat
from enunciate.speech_lm.small_weights import round_weights

PATHS = 8
WAYS = ("generate", "plain loop", "static", "static, compiled")


def compare(
    size: Size, processor: FixedLengths, prompt: PromptConfig, target: TargetConfig, report: Report
) -> bool:
    """Compare static passes with the plain loop, in float32."""
    model = model_of(size, processor, torch.float32)
    clips = clips_of(size, 3)
    plain = Decoder(model, processor, prompt, paths=PATHS, target=target)
    static = Decoder(model, processor, prompt, paths=PATHS, target=target, static=True)
    same: dict[str, bool] = {}
    for n in (1, 3, 1, 1):  # the last answer about one clip replays what the one before captured
        one, other = (decoder.decode_features(TASKS, clips[:n]) for decoder in (plain, static))
        for task in TASKS:
            pairs = list(zip(one[task], other[task], strict=True))
            same[f"{task}, {n}"] = all(a.raw == b.raw for a, b in pairs)
        totals = [(a.distributions or {})["total"] - (b.distributions or {})["total"] for a, b in zip(
            one["apa"], other["apa"], strict=True)]  # fmt: skip
        report.line(event="distributions", clips=n, largest_difference=float(np.abs(totals).max()))
    report.line(event="check", same=all(same.values()), **same)
    return all(same.values())


def time_generate(
    size: Size, processor: FixedLengths, model: Phi4MultimodalForCausalLM, runs: int, report: Report
) -> None:
    """Time `generate` of transformers for answers of the real lengths."""
    clock = Clock(size.device)
    clip = clips_of(size, 1)[0]
    audio = {k: v.to(size.device) for k, v in audio_batch([clip.features], processor.geometry).items()}
    medians: dict[str, float] = {}
    for task, lengths in size.examples.items():
        prompt = processor.task_ids(task, PromptConfig(), None, size.audio_tokens)  # pyright: ignore[reportArgumentType]
        ids = torch.tensor([prompt], device=size.device)
        times: list[float] = []
        for _ in range(runs + 1):
            clock.read()
            with torch.inference_mode():
                model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, **audio,
                    max_new_tokens=lengths.answer, min_new_tokens=lengths.answer)  # fmt: skip
            times.append(clock.read())
        medians[f"{task}_ms"] = 1000 * statistics.median(times[1:])
    report.line(event="row", name="generate", batch=1, **medians, both_ms=sum(medians.values()))


def time_decoder(
    name: str, decoder: Decoder, clips: Sequence[ClipFeatures], options: argparse.Namespace, report: Report
) -> None:
    """Time a decoder at several sizes of batches."""
    clock = Clock(torch.device(options.device))
    for batch in options.batches:
        free_memory(clock.device)
        decoder._max_batch = batch
        medians: dict[str, float] = {}
        first_s = 0.0
        for label, tasks in (("both", TASKS), ("apa", ("apa",)), ("mdd", ("mdd",))):
            times: list[float] = []
            for _ in range(options.runs + 1):
                clock.read()
                decoder.decode_features(tasks, clips[:batch])
                times.append(clock.read())
            first_s = max(first_s, times[0])
            medians[f"{label}_ms"] = 1000 * statistics.median(times[1:])
        report.line(event="row", name=name, batch=batch, first_s=first_s, **medians,
            clips_per_s=1000 * batch / medians["both_ms"], peak_gib=peak_gib(clock.device))  # fmt: skip
        if options.parts:
            parts = seconds_by_part(decoder, clips[:batch], clock)
            report.line(event="parts", name=name, batch=batch, **parts)
        if options.profile == batch:
            report.line(event="profile", name=name, batch=batch, kernels=profile_of(decoder, clips[:batch]))


def time_losses(decoder: Decoder, size: Size, clips: int, batch: int) -> float:
    """Return the seconds that the losses of the answers to both tasks about so many clips take."""
    model = cast("Any", decoder._model)
    rows = {task: random_batch(size, model.config, task, batch) for task in TASKS}
    clock = Clock(size.device)
    for n_batches in (1, -(-clips // batch)):  # the first ones do not count
        clock.read()
        with torch.inference_mode():
            for task in TASKS:
                for _ in range(n_batches):
                    answer_loss(model, rows[task], 1)
    return clock.read()


def time_evaluation(
    name: str, decoder: Decoder, size: Size, options: argparse.Namespace, report: Report
) -> None:
    """Time both tasks about as many clips as a split has, of its lengths: for the first time, and again.

    The loss of as many answers to either task is timed as well, which an evaluation in training computes.
    """
    clips = clips_of(size, options.evaluation, LENGTHS_S)
    clock = Clock(size.device)
    for batch in options.batches:
        free_memory(size.device)
        decoder._max_batch = batch
        clock.read()
        decoder.decode_features(TASKS, clips)
        first_s = clock.read()
        decoder.decode_features(TASKS, clips)
        seconds = clock.read()
        loss_s = time_losses(decoder, size, len(clips), batch)
        report.line(event="evaluation", name=name, batch=batch, clips=len(clips), first_s=first_s,
            seconds=seconds, loss_s=loss_s, clips_per_s=len(clips) / seconds,
            peak_gib=peak_gib(size.device))  # fmt: skip


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="file that also receives the lines")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32, 64])
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each row")
    parser.add_argument("--only", nargs="+", choices=WAYS, default=WAYS[:3], help="only these rows")
    parser.add_argument("--compile", action="store_true", help="also with compiled layers")
    parser.add_argument("--ranks", type=Path, help="js-tiktoken's o200k_base.js")
    parser.add_argument(
        "--weights", choices=get_args(WeightFormat), default="full", help="round the weights first"
    )
    parser.add_argument("--control-token-alone", action="store_true", help="prompts without the rubric")
    parser.add_argument(
        "--instruction-first", action="store_true", help="prompts with the instruction before the audio"
    )
    parser.add_argument(
        "--evaluation",
        type=int,
        default=0,
        metavar="CLIPS",
        help="time a whole split of so many clips instead",
    )
    parser.add_argument("--parts", action="store_true", help="also the seconds of each part")
    parser.add_argument("--profile", type=int, metavar="BATCH", help="also a table of the kernels at a batch")
    parser.add_argument("--paths", type=int, default=PATHS, help="beginnings of an answer that are followed")
    parser.add_argument(
        "--scores",
        choices=("chained", "apart"),
        default="chained",
        help="whether the model sees the scores that it has named, or all in one pass without them",
    )
    parser.add_argument("--skip-check", action="store_true", help="do not compare answers first")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a tiny model")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("the full size needs a GPU: `--tiny --device cpu` tries this script without one")
    if options.tiny:
        options.batches, options.runs = [1, 3], 1
    return options


def main() -> None:
    """Compare, then measure."""
    options = read_options()
    alone = options.control_token_alone
    size = tiny_size(options.device) if options.tiny else full_size(options.device, control_token_alone=alone)
    report = Report(options.out)
    processor = processor_of(size, options.ranks)
    prompt = PromptConfig(instruction="before" if options.instruction_first else "after")
    target = TargetConfig(scores=options.scores)
    report.line(
        **environment(size.device),
        vocabulary=processor.n_ids,
        weights=options.weights,
        paths=options.paths,
        short=alone,
        scores=options.scores,
        instruction=prompt.instruction,
    )
    if not options.skip_check and not compare(size, processor, prompt, target, report):
        raise SystemExit("static passes answer differently from the plain loop")
    free_memory(size.device)
    model = model_of(size, processor, size.dtype)
    round_weights(model, options.weights)
    free_memory(size.device)
    if "generate" in options.only:
        time_generate(size, processor, model, options.runs, report)
    clips = clips_of(size, max(options.batches))
    asked = [*options.only, *WAYS[3:]] if options.compile else options.only
    for name in (name for name in WAYS[1:] if name in asked):
        if name == "static, compiled":
            compile_layers(model.language_model, "aot_eager" if options.tiny else "inductor")
        static = name != "plain loop"
        decoder = Decoder(model, processor, prompt, paths=options.paths, target=target, static=static)
        writer = put_transcript_in(decoder, processor, size.examples["mdd"].answer)
        report.line(event="transcript", name=name, tokens=len(writer.script), choices=len(writer.choices))
        if options.evaluation:
            time_evaluation(name, decoder, size, options, report)
        else:
            time_decoder(name, decoder, clips, options, report)


if __name__ == "__main__":
    main()
