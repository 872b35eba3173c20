"""Tell the baselines apart by their folder."""

from __future__ import annotations

from pathlib import Path

from enunciate.baselines.folder import read_description
from enunciate.baselines.gop import GopAssessor
from enunciate.baselines.pocketsphinx_gop import HmmGopAssessor
from enunciate.baselines.prosody_forest import ForestAssessor


def load_baseline(
    folder: Path, *, lexicon: Path | None = None, threads: int = 1
) -> ForestAssessor | GopAssessor | HmmGopAssessor:
    """Load the baseline that training wrote to a folder.

    Raises:
        MissingExtraError: `gop-hmm` needs pocketsphinx.
    """
    if read_description(folder).kind == "gop-hmm":
        return HmmGopAssessor(folder, lexicon=lexicon)
    kinds = {"prosody-forest": ForestAssessor, "gop": GopAssessor}
    return kinds[read_description(folder).kind](folder, lexicon=lexicon, threads=threads)
