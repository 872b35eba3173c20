"""Load any baseline from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from enunciate.baselines.folder import read_description
from enunciate.baselines.forest.assessor import ForestAssessor
from enunciate.baselines.gop.assessor import GopAssessor
from enunciate.baselines.gopt.assessor import GoptAssessor
from enunciate.baselines.pocketsphinx.assessor import HmmGopAssessor
from enunciate.baselines.stopwatch.assessor import StopwatchAssessor
from enunciate.errors import needing

if TYPE_CHECKING:
    from enunciate.baselines.ssl.assessor import JointAssessor


def load_baseline(
    folder: Path, *, lexicon: Path | None = None, threads: int = 1
) -> ForestAssessor | GopAssessor | GoptAssessor | HmmGopAssessor | JointAssessor | StopwatchAssessor:
    """Load the baseline that training wrote to a folder.

    Raises:
        MissingExtraError: The baseline needs packages that are not installed.
    """
    kind = read_description(folder).kind
    if kind == "ssl-joint":
        with needing("llm"):
            from enunciate.baselines.ssl.assessor import load_joint
        return load_joint(folder, lexicon=lexicon, threads=threads)
    if kind == "stopwatch":
        return StopwatchAssessor(folder, lexicon=lexicon)
    if kind == "gop-hmm":
        return HmmGopAssessor(folder, lexicon=lexicon)
    kinds = {"prosody-forest": ForestAssessor, "gop": GopAssessor, "gopt": GoptAssessor}
    return kinds[kind](folder, lexicon=lexicon, threads=threads)
