"""Options of training that a recipe may set; apart from torch, so that a recipe is checked without it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from enunciate.schema import FrozenModel

_Share = Annotated[float, Field(ge=0, le=1)]
EncoderKind = Literal["whisper", "conformer"]


class EncoderOptions(FrozenModel):
    """Which network hears."""

    kind: EncoderKind = "whisper"
    """`whisper`: the encoder of Whisper base. `conformer`: one that begins with random weights, and learns at
    `rate` alone (Gulati et al., 2020)."""
    layers: Annotated[int, Field(ge=1)] | None = None
    """Blocks of the encoder; None is all 6 of Whisper base, and 8 of a conformer. Fewer start from blocks of
    Whisper base that are chosen evenly, the last one among them."""


class AugmentOptions(FrozenModel):
    """How often rows of a batch are disturbed, and how much."""

    room: _Share = 0.25
    """Share of rows with reverberation."""
    band: _Share = 0.3
    """Share of rows with the frequency response of a microphone or a telephone."""
    noise: _Share = 0.4
    """Share of rows with audible noise; the others get a faint noise floor."""
    clip: _Share = 0.06
    """Share of rows with clipping."""
    min_snr_db: float = 5.0
    """The lowest signal-to-noise ratio of audible noise."""
    warp: Annotated[float, Field(ge=0, lt=1)] = 0.09
    """Mel bins are stretched by at most this share, as other lengths of the vocal tract do."""
    frequency_masks: Annotated[int, Field(ge=0)] = 2
    frequency_mask: Annotated[int, Field(ge=0)] = 12
    """The widest frequency mask, in mel bins."""
    time_masks: Annotated[int, Field(ge=0)] = 2
    time_mask: Annotated[int, Field(ge=0)] = 10
    """The longest time mask, in frames of 10 ms."""


class MixtureOptions(FrozenModel):
    """How the rows of a training batch are made up."""

    join: _Share = 0.2
    """Share of recordings that are joined with others of the same speaker, two or three in a row."""
    pause: _Share = 0.06
    """Share of phrases with a pause put between two of their words."""
    edge_s: Annotated[float, Field(ge=0)] = 0.5
    """The longest silence before and after most rows."""
    long_edge: _Share = 0.1
    """Share of rows with up to 3 s of silence at one end."""
    tempo: Annotated[float, Field(ge=0, lt=1)] = 0.12
    """The tempo is drawn from 1 - tempo to 1 + tempo."""
    extreme_tempo: _Share = 0.06
    """Share of rows of one phrase that are far too fast or too slow, and whose fluency suffers."""
    longest: Annotated[int, Field(gt=0)] = 1_400
    """The longest joined row, in frames of 10 ms."""
    synthetic: Annotated[float, Field(ge=0, lt=1)] = 0.25
    """Share of phrases that are synthetic."""
    scored_synthetic: Annotated[float, Field(ge=0, lt=1)] | None = None
    """The same from the first epoch that begins when scores are learnt; None leaves it."""
    neural: _Share = 0.5
    """Share of neural voices in the synthetic phrases."""
    budget: Annotated[int, Field(gt=0)] = 52_000
    """Frames of 10 ms in a batch, padding included."""


class LossWeights(FrozenModel):
    """The weight of each loss."""

    ctc: float = 1.0
    frame: float = 0.5
    phone: float = 4.0
    wrong: float = 0.5
    word: float = 5.0
    whole: tuple[float, float, float, float] = (14.0, 10.0, 10.0, 6.0)
    """Accuracy, fluency, prosodic and total."""
    free: float = 5.0
    """The scores without reference."""
    made: float = 0.4
    """The weight of a synthetic phrase beside a recording."""
    taught: float = 1.0
    """The divergence from a teacher's posteriors, where there is a teacher."""


class ModelOptions(FrozenModel):
    """Regularisation, size of the scorers, and losses."""

    dropout: float = 0.1
    scorer_dropout: float = 0.25
    skip: float = 0.0
    """The probability with which a block of the encoder is skipped (stochastic depth)."""
    members: Annotated[int, Field(ge=1)] = 2
    """Scorers whose mean counts."""
    layers: Annotated[int, Field(ge=1)] = 2
    """Layers of each scorer."""
    flat: _Share = 0.06
    """Share of phrases whose pitch is flattened, and whose prosodic score falls."""
    weights: LossWeights = LossWeights()
    augment: AugmentOptions = AugmentOptions()
