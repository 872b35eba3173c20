"""The paper's experiment with the nano base: one base, many adapters, cross-validated over speakers.

    python benchmarks/nano_experiments.py features --corpus C --out OUT [--processes 16]
    python benchmarks/nano_experiments.py run --base build/nano-base --corpus C --out OUT [--processes 4]

`features` computes the features that all runs share; `run` does so too if they are missing. `run` trains an
adapter for each variant and fold, decodes the held-out fold, and writes one line per utterance to
`OUT/<variant>-<fold>.jsonl`. Finished folds are not repeated, and no run starts after `--time-limit`. All
variants of a fold come before the next fold, so that partial results are comparable. `nano_table.py` makes
the tables of `docs/experiments.md` from the output.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

RECIPES = Path(__file__).resolve().parents[1] / "src" / "enunciate" / "recipes"
FOLDS = 5
FEATURES = "features.npz"
VARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "untrained": ("", ("control=none", "rubric=false")),
    "untrained, full instruction": ("", ("control=none", "rubric=true")),
    "lora": ("nano-lora.yaml", ()),
    "unfreeze": ("nano-unfreeze.yaml", ()),
    "lora, reference text": ("nano-lora.yaml", ("prompt.reference_text=true",)),
    "lora, APA only": ("nano-lora.yaml", ("tasks=[apa]",)),
    "lora, MDD only": ("nano-lora.yaml", ("tasks=[mdd]",)),
    "lora, special tokens": ("nano-lora.yaml", ("prompt.control=special",)),
    "lora, full instruction": ("nano-lora.yaml", ("prompt.rubric=true",)),
    "lora, no control, full instruction": (
        "nano-lora.yaml",
        ("prompt.control=none", "prompt.rubric=true"),
    ),
}
"""Recipe and overrides; without a recipe, the base without an adapter, and its prompt."""

MAIN = ("untrained", "untrained, full instruction", "lora")
_features: dict[str, Any] = {}


def slug(variant: str) -> str:
    """Return a file name."""
    return variant.replace(", ", "-").replace(" ", "_")


# ------------------------------------------------------------------------------------------------- running


def _start(devices: Any, features: Path) -> None:
    """Give each process its own GPU and the features of all clips."""
    os.environ["CUDA_VISIBLE_DEVICES"] = devices.get()
    import torch

    torch.set_num_threads(1)
    stored = np.load(features)
    ends = np.cumsum(stored["lengths"])
    whole = torch.from_numpy(stored["features"])
    for name, end, length in zip(stored["ids"], ends, stored["lengths"], strict=True):
        _features[str(name)] = whole[end - length : end].float()


def _features_of(utterance: Any) -> Any:
    from enunciate.audio import load
    from enunciate.speech_lm.families.phi4.processor import Phi4Processor as Processor
    from enunciate.speech_lm.nano.tokenizer import build_tokenizer

    if "processor" not in _features:  # features are the same whatever the tokenizer
        _features["processor"] = Processor(build_tokenizer(["a"], 600))
    return _features["processor"].features(load(utterance.audio).samples).numpy().astype(np.float16)


def make_features(arguments: argparse.Namespace) -> None:
    """Compute the features of every clip once for all runs; this needs no base."""
    from enunciate.corpus.speechocean762 import load_corpus

    arguments.out.mkdir(parents=True, exist_ok=True)
    if (arguments.out / FEATURES).exists():
        return
    utterances = load_corpus(arguments.corpus, "all")
    with ProcessPoolExecutor(arguments.processes, _processes()) as pool:
        features = list(pool.map(_features_of, utterances, chunksize=32))
    np.savez(
        arguments.out / FEATURES,
        ids=[u.id for u in utterances],
        lengths=[len(one) for one in features],
        features=np.concatenate(features),
    )


def _processes() -> Any:
    """Return a fork server that has imported what the processes need, and has not touched a GPU."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["enunciate.speech_lm.training.train", "enunciate.speech_lm.decoding.decoder", "enunciate.trainers"]
    )
    return context


def run_one(arguments: argparse.Namespace, variant: str, fold: int) -> str:
    """Train and decode one variant on one fold."""
    path = arguments.out / f"{slug(variant)}-{fold}.jsonl"
    if path.exists() or time.time() > arguments.deadline:
        return f"{path.name}: {'is there' if path.exists() else 'no time'}"
    began = time.monotonic()
    name, overrides = VARIANTS[variant]
    shared = [f"corpus={arguments.corpus}", f"model={arguments.base}", f"folds={FOLDS}", f"hold_out={fold}"]
    shared += ["split=all", "dev_speakers=0", "report=false", f"seed={arguments.seed}", *arguments.override]
    out = arguments.out / f"{slug(variant)}-{fold}"
    from enunciate.speech_lm.options import PromptConfig
    from enunciate.speech_lm.training.split import load_split
    from enunciate.trainers import load_recipe

    recipe = load_recipe(
        RECIPES / (name or "nano-lora.yaml"), [*shared, f"out={out}", *(overrides if name else ())]
    )
    if name:
        from enunciate.speech_lm.training.train import train

        train(recipe, features=_features)
    else:
        options = dict(override.split("=") for override in overrides)
        recipe = recipe.model_copy(update={"prompt": PromptConfig.model_validate(options)})
    trained = time.monotonic()
    held = load_split(recipe.model_copy(update={"report": True})).report[: arguments.limit]
    rows = decode(recipe, out if name else None, held)
    path.with_suffix(".tmp").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path.with_suffix(".tmp").rename(path)
    if not arguments.keep:
        shutil.rmtree(out, ignore_errors=True)
    return f"{path.name}: trained in {trained - began:.0f} s, decoded in {time.monotonic() - trained:.0f} s"


def decode(recipe: Any, adapter: Path | None, held: Any) -> list[dict[str, Any]]:
    """Return a row per utterance with the decoded answers."""
    import torch

    from enunciate.audio import load
    from enunciate.speech_lm.adapter import load_adapter, merged
    from enunciate.speech_lm.decoding.decoder import Decoder
    from enunciate.speech_lm.families.phi4.model import load_base
    from enunciate.speech_lm.families.phi4.processor import Phi4Processor as Processor

    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    model = load_base(recipe.model, revision=None, dtype=dtype, device=device)
    if adapter is not None:
        model = merged(load_adapter(model, adapter, trainable=False))
    processor = Processor.load(str(adapter or recipe.model), None, recipe.prompt.control)
    constrained = adapter is not None
    decoder = Decoder(
        model, processor, recipe.prompt, constrained=constrained, max_batch=100, target=recipe.target
    )
    clips = [(load(u.audio).samples, u.text) for u in held]
    decoded = decoder.decode_tasks(recipe.tasks, clips)
    return [
        {"id": utterance.id}
        | {
            task: {"raw": decoded[task][index].raw}
            | (
                {"distributions": {k: np.round(v, 6).tolist() for k, v in scores.items()}}
                if (scores := decoded[task][index].distributions)
                else {}
            )
            for task in recipe.tasks
        }
        for index, utterance in enumerate(held)
    ]


def run(arguments: argparse.Namespace) -> None:
    """Run all variants of the first fold, then of the next."""
    import torch

    began = time.time()
    arguments.deadline = began + arguments.time_limit
    make_features(arguments)
    context = _processes()
    devices = context.Queue()
    for index in range(arguments.processes):
        devices.put(str(index % max(1, torch.cuda.device_count())))
    variants = arguments.only or list(VARIANTS)
    jobs = [(variant, fold) for fold in range(arguments.folds) for variant in variants]
    if arguments.main_first:
        main = [(variant, fold) for fold in range(FOLDS) for variant in MAIN if variant in variants]
        jobs = list(dict.fromkeys([*main, *jobs]))
    started = (devices, arguments.out / FEATURES)
    with ProcessPoolExecutor(arguments.processes, context, _start, started) as pool:
        pending = [pool.submit(run_one, arguments, variant, fold) for variant, fold in jobs]
        for (variant, fold), one in zip(jobs, pending, strict=True):
            error = one.exception()
            said = f"{variant}, fold {fold} failed: {error!r}" if error else one.result()
            print(f"{time.time() - began:.0f} s  {said}", flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(required=True)
    for name, action in (("features", make_features), ("run", run)):
        command = actions.add_parser(name)
        command.set_defaults(action=action)
        command.add_argument("--corpus", type=Path, required=True)
        command.add_argument("--out", type=Path, required=True)
        command.add_argument("--processes", type=int, default=4)
        if name == "run":
            command.add_argument("--base", type=Path, required=True)
            command.add_argument("--main-first", action="store_true", help=f"all folds of {MAIN} first")
            command.add_argument("--folds", type=int, default=FOLDS, help="run at most so many of the five")
            command.add_argument("--seed", type=int, default=1)
            command.add_argument("--only", nargs="*", default=[], help="variants")
            command.add_argument("--override", nargs="*", default=[], help="key=value for every recipe")
            command.add_argument("--limit", type=int, help="decode so many utterances of a fold")
            command.add_argument("--keep", action="store_true", help="keep the adapters")
            command.add_argument("--time-limit", type=float, default=float("inf"), help="seconds")
    arguments = parser.parse_args()
    arguments.action(arguments)


if __name__ == "__main__":
    main()
