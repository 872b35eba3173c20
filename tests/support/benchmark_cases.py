"""A benchmark on a corpus of tones with rows of tiny models, run by the command line in this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from support.command_line import run
from support.complete_corpus import make_complete_corpus
from support.speech_lm_cases import save_checkpoint
from support.tone_corpus import make_shard

ROWS = ("gop-pocketsphinx", "pocket", "gop", "phi4", "phi4-lora", "nano-lora")
TINY = (
    "device=cpu",
    "workers=1",
    "base:steps=12",
    "recogniser:steps=6",
    "recogniser:folds=2",
    *(
        f"{stage}:{setting}"
        for stage in ("base", "recogniser")
        for setting in (
            "warmup_steps=5",
            "batch_frames=1500",
            "learning_rate=4e-3",
            "time_limit_s=1e6",
            "encoder={width: 48, layers: 1, heads: 2, ff_width: 64, kernel: 7, quality_width: 8}",
        )
    ),
    "pocket:scorer={width: 16, layers: 1, heads: 2, epochs: 3, members: 2, dropout: 0.0}",
    "gop-pocketsphinx:members=2",
    "phi4-lora:precision=fp32",
    "phi4-lora:prompt.rubric=false",
    "phi4-lora:dev_speakers=2",
    "phi4-lora:adapter={strategy: lora, start: fresh, rank: 4, alpha: 8, dropout: 0.0}",
    "phi4-lora:batch_size=4",
    "phi4-lora:accumulation=1",
    "phi4-lora:epochs=1",
    "phi4-lora:log_every=1",
    "phi4-lora:report=false",
)


def make_root(folder: Path) -> Path:
    """Write a whole corpus, synthetic speech, a checkpoint, and a file that is no encoder."""
    make_complete_corpus(folder / "corpus", {"train": 6, "test": 4}, clips_each=2)
    make_shard(folder / "synthetic", clips=8)
    save_checkpoint(folder / "base")
    (folder / "broken.onnx").write_bytes(b"no encoder")
    return folder


def arguments(root: Path, out: Path, rows: Sequence[str], settings: Sequence[str]) -> list[str | Path]:
    """The command, with those settings that a stage of these rows takes: others would be refused."""
    settings = [*settings, f"synthetic={root / 'synthetic'}", f"phi4:weights={root / 'base'}"]
    settings += [f"phi4-lora:model={root / 'base'}", f"gop:encoder={root / 'broken.onnx'}"]
    options = [part for row in rows for part in ("--rows", row)]
    options += [part for setting in settings if taken(setting, rows) for part in ("--override", setting)]
    return ["benchmark", "--corpus", root / "corpus", "--out", out, *options]


def taken(setting: str, rows: Sequence[str]) -> bool:
    """Whether a stage of these rows has the key of a setting."""
    target = setting.partition("=")[0].rpartition(":")[0]
    if setting.startswith("synthetic="):
        return "pocket" in rows
    if setting.startswith("workers="):
        return set(rows) != {"phi4-lora"}
    return not target or target in {*rows, *(("base", "recogniser") if "pocket" in rows else ())}


def benchmark(
    root: Path, out: Path, *more: str, rows: Sequence[str] = ROWS, settings: Sequence[str] = TINY
) -> tuple[int, str]:
    """Run it, and return the exit code and everything printed."""
    result = run(*arguments(root, out, rows, settings), *more)
    return result.exit_code, result.output
