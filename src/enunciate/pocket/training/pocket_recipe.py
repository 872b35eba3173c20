"""The recipe of the `pocket` engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from enunciate.pocket.training.options import EncoderOptions, MixtureOptions, ModelOptions
from enunciate.training.recipe_file import TrainingRecipe

_Share = Annotated[float, Field(ge=0, lt=1)]
_Positive = Annotated[float, Field(gt=0)]
PocketSplit = Literal["dev", "fold", "official", "everything"]


class PocketRecipe(TrainingRecipe):
    """Train an encoder, by default Whisper's, with phone heads and scorers, end to end."""

    kind: Literal["pocket"]
    split: PocketSplit = "dev"
    """Who is learnt from. `dev`: the speakers of the train split but some, on which choices are measured.
    `fold`: those outside of one fold of the train split. `official`: the train split; the test split is
    reported on. `everything`: all speakers, for weights that ship."""
    dev_speakers: Annotated[int, Field(ge=2)] = 21
    """About this many speakers are held out by `split: dev`."""
    folds: Annotated[int, Field(ge=2)] = 5
    """The folds of the train split's speakers for `split: fold`."""
    hold_out: Annotated[int, Field(ge=0)] = Field(default=0, validate_default=True)
    """The fold that is held out by `split: fold`, counted from 0."""
    synthetic: Path | None = None
    """Folder of formant speech (`python -m enunciate.corpus.synthetic`)."""
    neural: Path | None = None
    """Folder of neural speech (`python -m enunciate.corpus.synthetic.neural`)."""
    native: Path | None = None
    """Folder of neural speech of voices that are not learnt from. Its good readings are calibrated with, as
    readings by native speakers (see `pocket.score_scale`)."""
    whisper: Path | None = None
    """File of Whisper base's weights; None starts from random weights, which takes far longer to learn. A
    conformer takes nothing from it."""
    teacher: Path | None = None
    """Folder of an earlier run, of any encoder, whose posteriors of sounds are learnt beside the labels, with
    the weight `model.weights.taught`."""
    aligner: Path | None = None
    """Folder of an earlier engine's weights, whose alignment gives the first times of the recordings' phones.
    Without one, phones begin spread evenly, and the first realignment finds them."""
    start_seed: int | None = None
    """Seed of the random weights that a run begins with; None is `seed`. Runs with one start and other seeds
    see their data in another order, and can be averaged (`python -m enunciate.pocket.training.average`)."""
    epochs: _Positive = 36.0
    """Passes over the recordings."""
    encoder_rate: _Positive = 1.5e-4
    """Peak learning rate of what Whisper has."""
    rate: _Positive = 1e-3
    """Peak learning rate of the heads and the scorers, and of the whole of a conformer."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    ema: _Share = 0.996
    """Decay of the running mean of the weights, which is what is kept."""
    taken_back: _Share = 0.0
    """Share of what the scorers have learnt that is taken back at the end: their weights are moved towards
    their random start. They then depend less on what they know by heart of the recordings."""
    warmup_steps: Annotated[int, Field(gt=0)] = 80
    scores_from: _Share = 0.0
    """Share of the run after which scores are learnt. Sounds are recognised and aligned better the longer
    they are learnt, but scores begin to be learnt by heart after some 25 epochs."""
    realign_at: tuple[_Share, ...] = (0.1, 0.5)
    """Shares of the steps after which phones are aligned again; formant speech at the first only."""
    time_limit_s: _Positive | None = None
    """Training ends here whatever the step, with the schedule run down to it."""
    evaluations: Annotated[int, Field(ge=1)] = 3
    """How often held-out speakers are measured, the last time at the end."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Learn from only this many clips of each kind, the first ones, for a trial."""
    workers: Annotated[int, Field(ge=1)] = 2
    """Processes that decode the recordings."""
    version: str = "dev"
    """The version that the weights state."""
    export: bool = True
    """Write the ONNX files that run, beside the weights."""
    calibrate_with: tuple[Path, ...] = ()
    """Folders of earlier runs on the same corpus whose held-out predictions calibrate this one, for a split
    that holds nobody out."""
    encoder: EncoderOptions = EncoderOptions()
    model: ModelOptions = ModelOptions()
    mixture: MixtureOptions = MixtureOptions()

    @field_validator("hold_out")
    @classmethod
    def _is_a_fold(cls, value: int, info: ValidationInfo) -> int:
        folds = info.data.get("folds", 0)
        if value >= max(folds, 1):
            raise ValueError(f"there is no fold {value}: folds is {folds}, and they are counted from 0")
        return value
