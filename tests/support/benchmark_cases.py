"""A benchmark on a corpus of tones with rows of tiny models, run by the command line in this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from support.command_line import run
from support.complete_corpus import make_complete_corpus
from support.paths import RECIPES
from support.speech_lm_cases import save_checkpoint
from support.tone_corpus import make_shard

ROWS = ("gop-pocketsphinx", "pocket", "gop", "phi4", "phi4-lora", "folds-alone")
TINY = (
    "device=cpu",
    "workers=1",
    "pocket:neural=null",
    "pocket:native=null",
    "pocket:whisper=null",
    "pocket:epochs=60",
    "pocket:warmup_steps=4",
    "pocket:encoder_rate=4e-3",
    "pocket:rate=4e-3",
    "pocket:evaluations=1",
    "pocket:model={members: 1, layers: 1, dropout: 0.0, scorer_dropout: 0.0}",
    "pocket:mixture={budget: 4000}",
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


FOLDS_ALONE = """
  - name: folds-alone
    about: a row that the official protocol cannot run
    folds:
      - name: model
        recipe: ssl-joint
"""


def make_root(folder: Path) -> Path:
    """Write a whole corpus, synthetic speech, a checkpoint, a folder without an encoder, and a plan."""
    (folder / "plan.yaml").write_text((RECIPES / "benchmark.yaml").read_text() + FOLDS_ALONE)
    make_complete_corpus(folder / "corpus", {"train": 6, "test": 4}, clips_each=2)
    make_shard(folder / "synthetic", clips=8)
    save_checkpoint(folder / "base")
    (folder / "broken").mkdir()
    return folder


def arguments(root: Path, out: Path, rows: Sequence[str], settings: Sequence[str]) -> list[str | Path]:
    """The command, with those settings that a stage of these rows takes: others would be refused."""
    settings = [*settings, f"pocket:synthetic={root / 'synthetic'}", f"phi4:weights={root / 'base'}"]
    settings += [f"phi4-lora:model={root / 'base'}", f"gop:encoder={root / 'broken'}"]
    options = [part for row in rows for part in ("--rows", row)]
    options += [part for setting in settings if taken(setting, rows) for part in ("--override", setting)]
    return ["benchmark", "--corpus", root / "corpus", "--out", out, "--plan", root / "plan.yaml", *options]


def taken(setting: str, rows: Sequence[str]) -> bool:
    """Whether a stage of these rows has the key of a setting."""
    target = setting.partition("=")[0].rpartition(":")[0]
    if setting.startswith("workers="):
        return set(rows) != {"phi4-lora"}
    return not target or target in rows


def benchmark(
    root: Path, out: Path, *more: str, rows: Sequence[str] = ROWS, settings: Sequence[str] = TINY
) -> tuple[int, str]:
    """Run it, and return the exit code and everything printed."""
    result = run(*arguments(root, out, rows, settings), *more)
    return result.exit_code, result.output
