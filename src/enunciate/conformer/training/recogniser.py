"""The recogniser that is trained: encoder and phone-quality head, their losses, and their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor, nn
from torch.nn import functional

from enunciate.conformer.training.encoder import Encoded, Encoder, encoded_length
from enunciate.conformer.training.feature_bank import PAUSE, UNKNOWN, FeatureBatch
from enunciate.conformer.training.options import EncoderConfig
from enunciate.conformer.training.quality_head import QualityHead, phone_loss, pool

WEIGHTS = "recogniser.safetensors"
CONFIG = "recogniser.json"


class Recogniser(nn.Module):
    """Encoder and phone-quality head: what one run trains."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.quality = QualityHead(config.quality_width)


@dataclass(frozen=True)
class RecogniserLosses:
    """Mean losses of one batch."""

    ctc: Tensor
    middle: Tensor
    frame: Tensor
    quality: Tensor


def losses_of(model: Recogniser, batch: FeatureBatch, features: Tensor) -> RecogniserLosses:
    """All losses of a batch whose features are augmented and normalised."""
    out: Encoded = model.encoder(features, batch.lengths)
    counts = batch.host_counts
    frames = encoded_length(batch.host_lengths)

    def ctc(log_probs: Tensor) -> Tensor:
        return functional.ctc_loss(
            log_probs.transpose(0, 1), batch.classes, frames, counts, reduction="sum", zero_infinity=True
        ) / float(counts.sum())

    pooled = pool(out.quality, batch.frame_phone, batch.classes.shape[1])
    return RecogniserLosses(
        ctc(out.ctc), ctc(out.middle_ctc), _frame_loss(out, batch), _quality_loss(model, pooled, batch)
    )


def _frame_loss(out: Encoded, batch: FeatureBatch) -> Tensor:
    index = batch.frame_phone.clamp_min(0)
    targets = batch.classes.gather(1, index).masked_fill(batch.frame_phone == PAUSE, 0)
    scores = batch.scores.gather(1, index)
    doubtful = (
        (batch.frame_phone >= 0) & (scores >= 0) & (scores < 1.0)
    )  # nobody wrote down what was said there
    targets = targets.masked_fill((batch.frame_phone == UNKNOWN) | doubtful, -100)
    return functional.nll_loss(out.frame.flatten(0, 1), targets.flatten(), reduction="sum") / (
        (targets >= 0).sum().clamp_min(1)
    )


def _quality_loss(model: Recogniser, pooled: Tensor, batch: FeatureBatch) -> Tensor:
    out = model.quality(pooled, batch.classes).float()
    aligned = (batch.frame_phone >= 0).any(dim=1, keepdim=True)
    known = ((batch.scores >= 0) & aligned).float()
    return phone_loss(out[..., 0], out[..., 1], batch.scores, known)


def load_recogniser(folder: Path) -> Recogniser:
    """Read a trained recogniser, in evaluation mode."""
    config = EncoderConfig.model_validate_json((folder / CONFIG).read_text())
    model = Recogniser(config)
    model.load_state_dict({name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()})
    return model.eval()


def save_recogniser(model: Recogniser, folder: Path) -> None:
    """Write weights, at half precision, and configuration."""
    weights = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    (folder / CONFIG).write_text(model.encoder.config.model_dump_json(indent=1))
