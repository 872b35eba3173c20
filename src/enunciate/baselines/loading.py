"""Tell the baselines apart by their folder."""

from __future__ import annotations

from pathlib import Path

from enunciate.baselines.folder import read_description
from enunciate.baselines.gop import GopAssessor
from enunciate.baselines.gopt import GoptAssessor
from enunciate.baselines.prosody_forest import ForestAssessor


def load_baseline(
    folder: Path, *, lexicon: Path | None = None, threads: int = 1
) -> ForestAssessor | GopAssessor | GoptAssessor:
    """Load the baseline that training wrote to a folder."""
    kinds = {"prosody-forest": ForestAssessor, "gop": GopAssessor, "gopt": GoptAssessor}
    return kinds[read_description(folder).kind](folder, lexicon=lexicon, threads=threads)
