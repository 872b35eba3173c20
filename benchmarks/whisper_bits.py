"""Whisper with an adapter in fewer bits: what becomes of its answers, against those in float32.

    python benchmarks/whisper_bits.py --adapter ADAPTER --base W --corpus C [--clips 200] [--split dev]

The adapter is merged in float32 first. Then the matrices of all layers (attention and feed-forward, not the
convolutions, the norms and the embedding) are rounded: to 8 or 4 bits, symmetric, with a scale for each row
or for each group of so many weights of a row. These products are simulated: the rounded weights are computed
with in float32, so what they multiply is not rounded, and no time is gained. `int8, as it ships` is the
engine of ONNX Runtime itself. Clips are a random choice from the dev speakers of the train split, or from
the test split.

Prints a row of Markdown for each: correlation with people; correlation with float32 and mean difference from
it, of each expected score; mean absolute difference of all scores; phone error rate against the canonical
phones, and against those in float32; clips with the same phones and with the same words as in float32.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from whisper_int8 import answer_of, canonical, error_rate

from enunciate.audio import load
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.metrics.correlation import FloatArray
from enunciate.schema import ASPECTS, Utterance
from enunciate.speech_lm.adapter import load_adapter, merged
from enunciate.speech_lm.adapter_folder import read_description
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.options import TASKS
from enunciate.speech_lm.training.split import load_split
from enunciate.speech_lm.whisper_onnx.loading import load_whisper
from enunciate.trainers import load_recipe

Rows = list[dict[str, Any]]
RECIPE = "whisper-base-lora"


def rounded(weight: Tensor, bits: int, group: int | None) -> Tensor:
    """Return a matrix (out, in) rounded to `bits`, with a scale for each `group` of a row or for the row."""
    most = 2 ** (bits - 1) - 1
    groups = weight.reshape(len(weight), -1, group or weight.shape[1])
    scale = groups.abs().amax(dim=2, keepdim=True).clamp(min=1e-12) / most
    return ((groups / scale).round().clamp(-most, most) * scale).reshape(weight.shape)


def kinds() -> dict[str, tuple[int, int | None, bool]]:
    """Return bits, group, and whether the embedding is rounded as well, by the name of the row."""
    return {
        "4 bits, groups of 32": (4, 32, False),
        "4 bits, groups of 128": (4, 128, False),
        "4 bits, a scale for each row": (4, None, False),
        "4 bits, groups of 32, the embedding as well": (4, 32, True),
        "8 bits, a scale for each row": (8, None, False),
    }


def matrices(model: nn.Module, *, embedding: bool) -> list[nn.Parameter]:
    """Return the weights that are rounded; the output layer has those of the embedding."""
    chosen = [m.weight for n, m in model.named_modules() if isinstance(m, nn.Linear) and ".layers." in n]
    return [*chosen, model.model.decoder.embed_tokens.weight] if embedding else chosen  # type: ignore[union-attr]


def answers_in_torch(model: Any, processor: Any, description: Any, clips: Sequence[Any]) -> Rows:
    """Decode both tasks in float32."""
    decoder = Decoder(
        model,
        processor,
        description.prompt,
        max_batch=16,
        target=description.target,
        paths=family_named("whisper").score_paths,
    )
    answers = decoder.decode_tasks(TASKS, [(samples, None) for samples in clips])
    return [answer_of(*pair) for pair in zip(answers["apa"], answers["mdd"], strict=True)]


def answers_as_shipped(adapter: Path, base: Path, clips: Sequence[Any]) -> Rows:
    """Decode both tasks by the engine without torch."""
    decoder = load_whisper(adapter, base=base)._decoder
    rows: Rows = []
    for samples in clips:
        found = decoder.decode_tasks(list(TASKS), [(samples, None)])
        rows.append(answer_of(found["apa"][0], found["mdd"][0]))
    return rows


def correlations(one: FloatArray, other: FloatArray) -> list[float]:
    """Return Pearson's correlation of each column."""
    return [float(np.corrcoef(a, b)[0, 1]) for a, b in zip(one.T, other.T, strict=True)]


def row_of(utterances: Sequence[Utterance], rows: Rows, reference: Rows) -> str:
    """Return the cells of a way of rounding."""
    own, other = (np.array([[row[a] for a in ASPECTS] for row in every]) for every in (rows, reference))
    human = np.array([[getattr(u.scores, aspect) for aspect in ASPECTS] for u in utterances], dtype=float)
    pairs = list(zip(rows, reference, strict=True))
    same = [sum(one[key] == two[key] for one, two in pairs) for key in ("free_phones", "transcript")]
    cells = [
        " ".join(f"{value:.3f}" for value in correlations(human, own)),
        " ".join(f"{value:.4f}" for value in correlations(own, other)),
        " ".join(f"{value:+.3f}" for value in (own - other).mean(0)),
        f"{np.abs(own - other).mean():.3f}",
        f"{error_rate([canonical(u) for u in utterances], rows):.3f}",
        f"{error_rate([row['free_phones'] for row in reference], rows):.3f}",
        f"{same[0]}, {same[1]}",
    ]
    return " | ".join(cells)


def chosen_clips(corpus: Path, split: str, count: int) -> list[Utterance]:
    """Return a random choice of scored utterances."""
    if split == "test":
        everything = [u for u in load_corpus(corpus, "test") if u.scores is not None]
    else:
        everything = load_split(load_recipe(RECIPE, [f"corpus={corpus}"])).dev
    return Random(0).sample(everything, min(count, len(everything)))


def main() -> None:
    """Read the command line, decode, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--adapter", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--split", choices=("dev", "test"), default="dev")
    parser.add_argument("--clips", type=int, default=200)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)  # on a machine that others use, two threads wait for each other
    utterances = chosen_clips(arguments.corpus, arguments.split, arguments.clips)
    clips = [load(utterance.audio).samples for utterance in utterances]
    description, family = read_description(arguments.adapter), family_named("whisper")
    model = merged(
        load_adapter(family.load(arguments.base, dtype=torch.float32), arguments.adapter, trainable=False)
    )
    processor = family.processor(str(arguments.base), None, description.prompt.control)
    reference = answers_in_torch(model, processor, description, clips)
    print(f"{len(clips)} clips of {len({u.speaker for u in utterances})} speakers\n")
    print(f"| float32 | {row_of(utterances, reference, reference)} |", flush=True)
    shipped = answers_as_shipped(arguments.adapter, arguments.base, clips)
    print(f"| int8, as it ships | {row_of(utterances, shipped, reference)} |", flush=True)
    for name, (bits, group, embedding) in kinds().items():
        weights = matrices(model, embedding=embedding)
        before = [weight.detach().clone() for weight in weights]
        with torch.no_grad():
            for weight in weights:
                weight.copy_(rounded(weight, bits, group))
        rows = answers_in_torch(model, processor, description, clips)
        print(f"| {name} | {row_of(utterances, rows, reference)} |", flush=True)
        with torch.no_grad():
            for weight, kept in zip(weights, before, strict=True):
                weight.copy_(kept)


if __name__ == "__main__":
    main()
