"""The files of a folder of a trained baseline; encoder and phone model are named as in pocket's."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from enunciate.schema import FrozenModel

BASELINE = "baseline.json"
CROSS_VALIDATION = "cross_validation.json"


class Description(FrozenModel):
    """What a folder holds."""

    kind: Literal["prosody-forest", "gop", "gop-hmm", "gopt", "ssl-joint"]
    version: str
    """What the weights call themselves."""
    encoder: str
    """SHA-256 of the encoder: whether it knew the speakers is what makes figures comparable. Of `gop-hmm`
    that of the means of pocketsphinx's model; of `ssl-joint`, whose encoder learns with the rest, that of all
    weights."""

    @property
    def name(self) -> str:
        """As in `Assessment.model`."""
        return f"{self.kind} {self.version}"


def read_description(folder: Path) -> Description:
    """Read what a folder holds."""
    return Description.model_validate_json((folder / BASELINE).read_text(encoding="utf-8"))
