"""The aligner with the weights that ship in the package, which gives other engines their times."""

from __future__ import annotations

from enunciate.pocket.assessor import packaged_weights
from enunciate.pocket.phone_timing import PocketAligner
from enunciate.pocket.weights_folder import DESCRIPTION


def packaged_aligner() -> PocketAligner | None:
    """The encoder of the packaged `pocket` weights; None if this installation has none."""
    folder = packaged_weights()
    return PocketAligner(folder) if (folder / DESCRIPTION).is_file() else None
