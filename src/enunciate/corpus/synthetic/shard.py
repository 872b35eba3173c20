"""Make one shard of synthetic clips, in a process of its own.

The synthesisers are C libraries, and a crash must cost no more than one shard. A shard depends only on the
seed and its number, not on other shards nor on the number of workers.
"""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from enunciate.audio import SAMPLE_RATE_HZ
from enunciate.corpus.synthetic.clip import SyntheticClip, finish_clip
from enunciate.corpus.synthetic.espeak import Espeak
from enunciate.corpus.synthetic.festival import Festival
from enunciate.corpus.synthetic.flite import Flite
from enunciate.corpus.synthetic.mispronunciations import Change, LearnerErrors, mispronounce
from enunciate.corpus.synthetic.sentences import TextMix, TextSources, sentences
from enunciate.corpus.synthetic.shard_files import write_shard
from enunciate.corpus.synthetic.synthesiser import Synthesiser
from enunciate.errors import CorpusError

Engine = Literal["flite", "espeak", "festival"]
_ENGINE_SHARES: dict[Engine, float] = {"flite": 0.45, "espeak": 0.4, "festival": 0.15}
_MAX_FAILURES = 100


@dataclass(frozen=True)
class SynthesisOptions:
    """The options of a run."""

    hours: float = 1.0
    seed: int = 0
    engines: dict[Engine, float] = field(default_factory=lambda: dict(_ENGINE_SHARES))
    """The share of each synthesiser in the hours."""
    mispronounced_share: float = 0.25
    """The share of clips that are mispronounced on purpose."""
    errors: LearnerErrors = field(default_factory=LearnerErrors)
    mix: TextMix = field(default_factory=TextMix)
    sources: TextSources = field(default_factory=TextSources)
    shard_s: float = 300.0
    """The duration of one shard, which is what a crash of a synthesiser costs."""
    warp: float = 0.12
    """Clips are slowed down or sped up by at most this share, which shifts pitch and formants too."""
    root: Path | None = None
    """The folder into which the Debian packages were unpacked; None where they are installed."""


@dataclass(frozen=True)
class ShardTask:
    """One shard: its number, its synthesiser and its folder."""

    number: int
    engine: Engine
    out_dir: Path
    options: SynthesisOptions

    @property
    def stem(self) -> str:
        """The name of its files, without suffix."""
        return f"shard-{self.number:04d}"


def start_engine(engine: Engine, root: Path | None) -> Synthesiser:
    """Load a synthesiser into this process.

    Raises:
        OSError: The synthesiser is not installed.
    """
    if engine == "flite":
        return Flite()
    return Espeak(root) if engine == "espeak" else Festival(root)


def make_clips(task: ShardTask) -> Iterator[SyntheticClip]:
    """Yield the clips of one shard, until they hold `shard_s` of sound.

    Raises:
        CorpusError: The synthesiser fails on many sentences in a row.
    """
    options = task.options
    rng = random.Random(f"{options.seed}/{task.number}/{task.engine}")
    synthesiser = start_engine(task.engine, options.root)
    texts = sentences(options.mix, options.sources, rng)
    wanted_s = min(options.shard_s, options.hours * 3600)
    made_s, count, failures = 0.0, 0, 0

    def editor(phones: Sequence[str], final: Sequence[bool]) -> list[Change]:
        return mispronounce(phones, final, options.errors, rng)

    while made_s < wanted_s:
        text = next(texts)
        wrong = rng.random() < options.mispronounced_share
        speech = synthesiser.say(text, editor if wrong else None, rng)
        clip = speech and finish_clip(speech, task.engine, task.number, count, text, options.warp, rng)
        if clip:
            yield clip
            made_s += len(clip.samples) / SAMPLE_RATE_HZ
            count, failures = count + 1, 0
            continue
        failures += 1
        if failures > _MAX_FAILURES:
            raise CorpusError(f"{task.engine} speaks none of {failures} sentences in a row")


if __name__ == "__main__":
    task: ShardTask = pickle.load(sys.stdin.buffer)
    write_shard(list(make_clips(task)), task.out_dir, task.stem)
