"""What a blend knows: the weight of each engine's score by aspect, and the interval of their sum."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from enunciate.errors import ModelNotFoundError
from enunciate.pocket.calibration import Interval
from enunciate.schema import Aspect, FrozenModel


class AspectWeights(FrozenModel):
    """One score: `offset + pocket * its score + other * its score`, from 0 to 10."""

    offset: float
    pocket: float
    other: float
    interval: Interval

    def blend(self, pocket: float, other: float) -> float:
        """Return the blended score of two."""
        return min(max(self.offset + self.pocket * pocket + self.other * other, 0.0), 10.0)


class BlendWeights(FrozenModel):
    """The contents of the file of weights."""

    name: str
    """Name and version, as in `Assessment.model`."""
    with_reference: dict[Aspect, AspectWeights]
    without_reference: dict[Aspect, AspectWeights]
    """The same for clips without a text."""


def packaged_blend() -> Path:
    """Return where the weights of `pocket` and `whisper` are in the package, if it has them."""
    return Path(str(resources.files("enunciate.blend"))) / "pocket_whisper.json"


def read_blend(path: Path) -> BlendWeights:
    """Read a file of weights.

    Raises:
        ModelNotFoundError: It is missing or broken.
    """
    try:
        return BlendWeights.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise ModelNotFoundError(f"{path}: no weights of a blend that could be read ({error})") from error
