"""The scorer: a small transformer over the aligned phones that gives phone and utterance scores together.

After GOPT (Gong et al., ICASSP 2022), with richer inputs: each phone brings goodness, posteriors, the quality
stream, timing and pitch; an utterance vector joins the pooled phones before the utterance heads. A member of
the ensemble is one `Scorer`; `Ensemble` averages members.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from enunciate.conformer.features import N_PHONE_FEATURES, N_UTTERANCE_FEATURES
from enunciate.conformer.training.options import ScorerConfig
from enunciate.conformer.training.quality_head import QualityHead
from enunciate.pocket.symbols import N_CLASSES
from enunciate.schema import ASPECTS


class Scored(NamedTuple):
    """Raw outputs for B utterances of U phones."""

    phone: Tensor
    """(B, U) score over 2."""
    wrong: Tensor
    """(B, U) logit of a mispronunciation."""
    utterance: Tensor
    """(B, 4) accuracy, fluency, prosodic, total, over 10."""


class Scorer(nn.Module):
    """One member of the ensemble."""

    def __init__(self, config: ScorerConfig, quality_width: int) -> None:
        super().__init__()
        width = config.width
        self.canonical = nn.Embedding(N_CLASSES, width)
        self.inputs = nn.Linear(N_PHONE_FEATURES + quality_width + 2, width)
        self.input_dropout = nn.Dropout(config.dropout)
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 2 * width, config.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.body = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.phone_out = nn.Linear(width, 2)
        self.attention = nn.Linear(width, len(ASPECTS))
        self.utterance_in = nn.Sequential(
            nn.Linear(N_UTTERANCE_FEATURES, width), nn.GELU(), nn.Dropout(config.dropout)
        )
        self.utterance_out = nn.ModuleList(
            nn.Sequential(
                nn.Linear(2 * width, width), nn.GELU(), nn.Dropout(config.dropout), nn.Linear(width, 1)
            )
            for _ in ASPECTS
        )

    def start_at(self, means: list[float]) -> None:
        """Begin with these utterance scores (over 10), so that training need not find the scale first."""
        for out, mean in zip(self.utterance_out, means, strict=True):
            assert isinstance(out, nn.Sequential)
            last = out[-1]
            assert isinstance(last, nn.Linear)
            nn.init.constant_(last.bias, mean)

    def forward(
        self,
        classes: Tensor,
        phone: Tensor,
        quality: Tensor,
        head: Tensor,
        utterance: Tensor,
        real: Tensor | None,
    ) -> Scored:
        """Score phones and utterances.

        Args:
            classes: (B, U) canonical classes.
            phone: (B, U, P) standardised phone features.
            quality: (B, U, Q) pooled quality stream.
            head: (B, U, 2) what the recogniser's quality head makes of it.
            utterance: (B, G) standardised utterance features.
            real: (B, U) True at real phones; None when nothing is padded.
        """
        x = self.inputs(self.input_dropout(torch.cat((phone, quality, head), dim=2))) + self.canonical(
            classes
        )
        padding = None if real is None else ~real
        x = self.norm(self.body(x, src_key_padding_mask=padding))
        phones = self.phone_out(x)
        weights = self.attention(x)
        if padding is not None:
            weights = weights.masked_fill(padding.unsqueeze(2), -1e4)
        pooled = weights.softmax(dim=1).transpose(1, 2) @ x
        extra = self.utterance_in(utterance)
        scores = [out(torch.cat((pooled[:, k], extra), dim=1)) for k, out in enumerate(self.utterance_out)]
        return Scored(phones[..., 0], phones[..., 1], torch.cat(scores, dim=1))


class Ensemble(nn.Module):
    """Members and the standardisation of their inputs: what is exported."""

    def __init__(self, config: ScorerConfig, quality_width: int, members: int) -> None:
        super().__init__()
        self.quality = QualityHead(quality_width)
        self.members = nn.ModuleList(Scorer(config, quality_width) for _ in range(members))
        for name, size in (("phone", N_PHONE_FEATURES), ("utterance", N_UTTERANCE_FEATURES)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_scale", torch.ones(size))
        self.phone_mean: Tensor
        self.phone_scale: Tensor
        self.utterance_mean: Tensor
        self.utterance_scale: Tensor

    def standardise(self, phone: Tensor, utterance: Tensor) -> tuple[Tensor, Tensor]:
        """Bring features to zero mean and unit variance, outliers held at 4."""
        phone = ((phone - self.phone_mean) / self.phone_scale).clamp(-4, 4)
        return phone, ((utterance - self.utterance_mean) / self.utterance_scale).clamp(-4, 4)

    def forward(
        self, classes: Tensor, phone: Tensor, quality: Tensor, utterance: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Score one utterance: (1, U), (1, U, P), (1, U, Q), (1, G) -> (1, U), (1, U), (1, 4).

        Out come phone scores (0 to 2), probabilities of a mispronunciation and utterance scores (0 to 10).
        """
        phone, utterance = self.standardise(phone, utterance)
        head = self.quality(quality, classes)
        found = [member(classes, phone, quality, head, utterance, None) for member in self.members]
        phones = torch.stack([one.phone for one in found]).mean(dim=0)
        wrong = torch.stack([one.wrong for one in found]).mean(dim=0)
        return 2 * phones, wrong.sigmoid(), 10 * torch.stack([one.utterance for one in found]).mean(dim=0)
