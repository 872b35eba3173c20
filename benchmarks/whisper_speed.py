"""The speed and memory of `whisper` without torch, on one core, by length of the clip.

    ENUNCIATE_WHISPER=FOLDER python benchmarks/whisper_speed.py [--adapter FOLDER] [--clip examples/CLIP.flac]

Times of clips are processor time of one thread and medians of several runs; loading is wall time. Without
`--adapter` a random one is made (rank 64, on all matrices of the decoder). Such a model answers nonsense, so
a transcript of the length that the clip deserves is put in the place of what it chooses; every choice is
computed all the same. Peak memory is that of this process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before numpy is imported

import numpy as np

from enunciate.audio import SAMPLE_RATE_HZ, load
from enunciate.reading.plain_words import plain_words
from enunciate.schema import Clip, Utterance
from enunciate.speech_lm.targets import MddAnswer, render
from enunciate.speech_lm.whisper_onnx import answer_decoder
from enunciate.speech_lm.whisper_onnx.answer_decoder import OnnxAnswerDecoder
from enunciate.speech_lm.whisper_onnx.loading import load_whisper
from enunciate.speech_lm.whisper_onnx.model import TokenSequences
from enunciate.whisper_weights.base import find_whisper

choose = answer_decoder._best
RANK = 64
REPEATS = 5
SECONDS = (4, 15)
TEXT = "I think the weather is nice today."
PHONES = "AY TH IH NG K DH AH W EH DH ER IH Z N AY S T AH D EY"
TEXT_S = 2.6
"""How long it takes to say this, as in the default clip."""


def peak_mb() -> float:
    """Return the peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_random_adapter(folder: Path, rank: int = RANK) -> None:
    """Write an adapter that changes every matrix of the decoder by about a hundredth."""
    from safetensors.numpy import save_file

    rng = np.random.default_rng(0)
    tensors = {}
    for name, values in find_whisper().read().items():
        if ".decoder.layers." in name and values.ndim == 2:
            stem = f"base_model.model.{name.removesuffix('.weight')}"
            size = 0.01 * float(values.astype(np.float32).std()) / rank**0.5
            n_out, n_in = values.shape
            tensors[f"{stem}.lora_A.weight"] = rng.standard_normal((rank, n_in)).astype(np.float16)
            tensors[f"{stem}.lora_B.weight"] = (size * rng.standard_normal((n_out, rank))).astype(np.float16)
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": rank, "lora_alpha": rank}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    recipe = {"kind": "whisper", "model": "openai/whisper-base", "prompt": {"rubric": False}}
    (folder / "recipe.json").write_text(json.dumps(recipe))


def say_instead(decoder: OnnxAnswerDecoder, seconds: float) -> int:
    """Put a transcript for a clip of this length in the place of the choices; return its tokens."""
    times = max(1, round(seconds / TEXT_S))
    words = " ".join([*plain_words(TEXT)] * times)
    answer = MddAnswer(word_transcript=words, phoneme_transcript=" ".join([PHONES] * times))
    tokens = decoder._tokens.text_ids(render(answer))
    masks = decoder._grammar.start([seconds])
    written, choices = 0, []
    while True:
        written += len(masks.forced()[0])
        if masks.complete[0]:
            break
        masks.accept([tokens[written]])
        choices.append(tokens[written])
        written += 1
    following = cycle(choices)

    def instead(sequences: TokenSequences, allowed: np.ndarray) -> tuple[int, float]:
        choose(sequences, allowed)
        return next(following), 1.0

    answer_decoder._best = instead
    return len(tokens)


def median_ms(run: Callable[[], object]) -> float:
    """Return the median processor time of a call, after one that is not counted."""
    run()
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        run()
        times.append(1000 * (time.process_time() - began))
    return statistics.median(times)


def measure(adapter: Path, clip: Path) -> dict[str, float]:
    """Measure load time, time by length and peak memory in this process."""
    began = time.perf_counter()
    assessor = load_whisper(adapter, threads=1)
    found = {
        "adapter_mb": (adapter / "adapter_model.safetensors").stat().st_size / 1e6,
        "load_s": time.perf_counter() - began,
        "peak_memory_after_loading_mb": peak_mb(),
    }
    speech = load(clip).samples
    piece = np.concatenate((speech, np.zeros(SAMPLE_RATE_HZ // 4, dtype=np.float32)))
    decoder = assessor._decoder
    for seconds in SECONDS:
        samples = np.resize(piece, seconds * SAMPLE_RATE_HZ)
        found[f"{seconds}s_tokens_of_transcript"] = say_instead(decoder, seconds)
        for tasks in (("apa",), ("mdd",), ("apa", "mdd")):
            name = f"{seconds}s_{'_'.join(tasks)}_ms"
            found[name] = median_ms(lambda s=samples, t=tasks: decoder.decode_tasks(t, [(s, None)]))
        found[f"{seconds}s_peak_memory_both_tasks_mb"] = peak_mb()
        utterance = Utterance(id="clip", audio=Clip(samples=samples, sample_rate_hz=SAMPLE_RATE_HZ))
        found[f"{seconds}s_assess_without_text_ms"] = median_ms(lambda u=utterance: assessor.assess([u]))
        found[f"{seconds}s_peak_memory_mb"] = peak_mb()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--clip", type=Path, default=Path("examples/i_think_the_weather_is_nice.flac"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        adapter = arguments.adapter
        if adapter is None:
            adapter = Path(temporary)
            other = get_context("spawn").Process(target=write_random_adapter, args=(adapter,))
            other.start()  # so that its memory is not counted
            other.join()
        for name, value in measure(adapter, arguments.clip).items():
            print(f"{name:32} {value:10.1f}", flush=True)


if __name__ == "__main__":
    main()
