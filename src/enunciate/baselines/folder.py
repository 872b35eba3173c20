"""The files of a trained baseline's folder; its encoder and phone model are named as pocket's are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from enunciate.schema import FrozenModel
from enunciate.storage import write_whole

BASELINE = "baseline.json"


class BaselineDescription(FrozenModel):
    """The content of `baseline.json`."""

    kind: Literal["prosody-forest", "gop", "gop-hmm", "gopt", "ssl-joint", "stopwatch"]
    version: str
    """The version of the weights."""
    encoder: str | None
    """SHA-256 of the encoder: metrics are comparable only where encoders learnt from the same speakers. For
    `gop-hmm`, the hash is of the means of pocketsphinx's model. For `ssl-joint`, whose encoder learns with
    the rest, it is of all weights. None for `stopwatch`, which has none."""

    @property
    def name(self) -> str:
        """Engine and version, as in `Assessment.model`."""
        return f"{self.kind} {self.version}"


def read_description(folder: Path) -> BaselineDescription:
    """Read the description of a baseline's folder."""
    return BaselineDescription.model_validate_json((folder / BASELINE).read_text(encoding="utf-8"))


def write_description(description: BaselineDescription, folder: Path) -> None:
    """Write the description that makes a folder loadable."""
    write_whole(folder / BASELINE, description.model_dump_json(indent=1) + "\n")
