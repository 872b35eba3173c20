"""The whole model of `pocket`: the encoder and the scorers, trained together."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from enunciate.pocket.training.conformer import Conformer
from enunciate.pocket.training.encoder import Encoded, WhisperEncoder
from enunciate.pocket.training.encoder_config import WHISPER_BASE, EncoderConfig
from enunciate.pocket.training.losses import divergence, flattened_pitch, loss_without_reference, score_losses
from enunciate.pocket.training.options import AugmentOptions, ModelOptions
from enunciate.pocket.training.scorer import EncodedPhrases, Ensemble
from enunciate.pocket.training.scorer_without_reference import ScorerWithoutReference
from enunciate.pocket.training.torch_features import LogMel
from enunciate.pocket.training.waveform_augment import disturb, stretch
from enunciate.pocket.training.waveform_bank import Batch
from enunciate.pocket.training.wildcard_ctc import wildcard_ctc

LARGEST_CTC_LOSS = 20.0
"""A clip that fits its labels worse counts only this much."""


class PocketModel(nn.Module):
    """Everything that learns.

    Args:
        options: Regularisation, size of the scorers, and losses.
        config: Dimensions of the encoder.
    """

    def __init__(self, options: ModelOptions, config: EncoderConfig = WHISPER_BASE) -> None:
        super().__init__()
        self.options, self.config = options, config
        encoder = Conformer if config.kind == "conformer" else WhisperEncoder
        self.encoder = encoder(config, options.dropout, options.skip)
        self.scorers = Ensemble(options.members, config, options.scorer_dropout, options.layers)
        self.free = ScorerWithoutReference(config, options.scorer_dropout)
        self.mel = LogMel()

    def hear(self, batch: Batch, augment: AugmentOptions | None) -> Encoded:
        """Encode the rows of a batch into log-probabilities and streams.

        Args:
            batch: B rows.
            augment: How the sound is disturbed; None leaves the sound and its tempo as they are.
        """
        return self.encode(self.features(batch, augment), batch.frames)

    @torch.no_grad()
    def features(self, batch: Batch, augment: AugmentOptions | None) -> Tensor:
        """Return the log-mel energies of the rows of a batch, (B, 80, T); see `hear` for the arguments."""
        if augment is None:
            return self.mel(batch.waves, batch.frames10)
        mel = self.mel(disturb(batch.waves, augment), batch.frames10)
        return stretch(mel, batch.tempo, batch.frames, augment)

    def encode(self, mel: Tensor, frames: Tensor) -> Encoded:
        """Encode energies (B, 80, T), of which `frames` (B,) steps are real; in bfloat16 on a GPU."""
        with torch.autocast(mel.device.type, torch.bfloat16, enabled=mel.device.type == "cuda"):
            encoded: Encoded = self.encoder(mel, frames)
        return encoded.log_probabilities()

    def phrases(self, batch: Batch, encoded: Encoded, tone: Tensor) -> EncodedPhrases:
        """Return the frames that each phrase's scorers see, one row per phrase.

        The posteriors are cut off from the gradient, so that scoring does not change what is recognised; the
        streams are not.

        Args:
            batch: P phrases in B rows.
            encoded: Log-probabilities and streams of the rows.
            tone: (P, F) semitones of each phrase.
        """
        row = batch.row
        return EncodedPhrases(
            encoded.ctc.detach()[row],
            encoded.frame.detach()[row],
            encoded.sound[row],
            encoded.melody[row],
            tone,
            batch.voiced[row],
            batch.level[row],
        )

    def losses(
        self, batch: Batch, scoring: bool = True, teacher: PocketModel | None = None
    ) -> dict[str, Tensor]:
        """Return all weighted losses of a batch by name; their sum is to be minimised.

        Args:
            batch: What is learnt from.
            scoring: Whether scores are learnt; else only which sounds there are, and when.
            teacher: A trained model in evaluation mode, whose posteriors of the same sound are learnt too.
        """
        options, weights = self.options, self.options.weights
        mel = self.features(batch, options.augment)
        encoded = self.encode(mel, batch.frames)
        ctc = wildcard_ctc(encoded.ctc, batch.labels, (batch.host_frames + 1) // 2, batch.label_counts)
        target = batch.frame_class[:, : encoded.frame.shape[1]].flatten()
        frame = functional.cross_entropy(encoded.frame.flatten(0, 1), target, ignore_index=-1)
        losses = {
            "ctc": weights.ctc * ctc.clamp(max=LARGEST_CTC_LOSS).mean(),
            "frame": weights.frame * frame,
        }
        if teacher is not None:
            with torch.no_grad():
                known = teacher.encode(mel, batch.frames)
            losses["taught"] = weights.taught * divergence(encoded, known, (batch.frames + 1) // 2)
        if not scoring:
            return losses
        tone, low, high = flattened_pitch(batch, options.flat)
        heard = self.phrases(batch, encoded, tone)
        for scores in self.scorers(heard, batch.phrase, batch.n_words):
            for name, value in score_losses(scores, batch, low, high, weights).items():
                losses[name] = losses.get(name, 0.0) + value / options.members
        without = self.free(heard, self.inside(batch, encoded.ctc.shape[1]))
        losses["free"] = loss_without_reference(without, batch, low, high, weights)
        return losses

    @staticmethod
    def inside(batch: Batch, n_frames: int) -> Tensor:
        """Return (P, F) 1 for frames from the first phone of a phrase to its last, else 0."""
        place = torch.arange(n_frames, device=batch.row.device)[None]
        end = batch.phrase.end.amax(1, keepdim=True)
        return ((place >= batch.phrase.start[:, :1].floor()) & (place < end)).float()
