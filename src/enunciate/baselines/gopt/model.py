"""The transformer of `gopt`, after GOPT (Gong, Chen, Chu, Chang and Glass, ICASSP 2022).

It differs in four points: the posteriors are those of our encoder; positions are sinusoids, so that a text
may have any length; completeness has no token, because it is counted; and several members are averaged.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from enunciate.baselines.baseline_recipes import GoptConfig
from enunciate.baselines.gopt.features import N_GOP
from enunciate.baselines.linear_regression import OUTLIER
from enunciate.pocket.symbols import N_CLASSES
from enunciate.schema import ASPECTS

MAX_PHONES = 2_000
"""The phones of a minute, the longest clip, at the fastest rate that a text may have (33 a second)."""
N_WORD_SCORES = 3


class GoptOutputs(NamedTuple):
    """Scores of B utterances of U phones, all on the scale of phones, 0 to 2."""

    phone: Tensor
    """(B, U)"""
    word: Tensor
    """(B, U, 3) accuracy, stress and total of each phone's word."""
    utterance: Tensor
    """(B, 4)"""


class Gopt(nn.Module):
    """One transformer, a member of an ensemble."""

    def __init__(self, config: GoptConfig) -> None:
        super().__init__()
        width = config.width
        self.inputs = nn.Linear(N_GOP, width)
        self.canonical = nn.Embedding(N_CLASSES, width)
        self.dropout = nn.Dropout(config.dropout)
        self.tokens = nn.Parameter(torch.empty(1, len(ASPECTS), width))
        nn.init.trunc_normal_(self.tokens, std=0.02)
        self.register_buffer("positions", sinusoids(MAX_PHONES, width), persistent=False)
        self.positions: Tensor
        layer = nn.TransformerEncoderLayer(
            width, config.heads, width, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.body = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.phone_out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))
        self.word_out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, N_WORD_SCORES))
        self.utterance_out = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1)) for _ in ASPECTS
        )

    def forward(self, classes: Tensor, gop: Tensor, real: Tensor | None) -> GoptOutputs:
        """Score phones, words and utterances.

        Args:
            classes: (B, U) canonical classes.
            gop: (B, U, N_GOP) standardised.
            real: (B, U) True at phones and False at padding; None where nothing is padded.
        """
        phones = self.inputs(gop) + self.canonical(classes) + self.positions[:, : classes.shape[1]]
        n = len(ASPECTS)
        tokens = self.tokens.expand(classes.shape[0], -1, -1)
        padding = None if real is None else torch.cat((real.new_zeros(len(real), n), ~real), dim=1)
        x = self.body(self.dropout(torch.cat((tokens, phones), dim=1)), src_key_padding_mask=padding)
        utterance = [out(x[:, k]) for k, out in enumerate(self.utterance_out)]
        return GoptOutputs(
            self.phone_out(x[:, n:]).squeeze(2), self.word_out(x[:, n:]), torch.cat(utterance, dim=1)
        )


class GoptEnsemble(nn.Module):
    """Several transformers and the standardisation of their inputs, exported as one model."""

    def __init__(self, config: GoptConfig, members: int, *, words: bool) -> None:
        super().__init__()
        self.members = nn.ModuleList(Gopt(config) for _ in range(members))
        self.words = words
        """Whether the word head was trained; otherwise it is left out."""
        self.register_buffer("mean", torch.zeros(N_GOP))
        self.register_buffer("scale", torch.ones(N_GOP))
        self.mean: Tensor
        self.scale: Tensor

    def standardise(self, gop: Tensor) -> Tensor:
        """Bring inputs to zero mean and unit variance, and clip outliers."""
        return ((gop - self.mean) / self.scale).clamp(-OUTLIER, OUTLIER)

    def forward(self, classes: Tensor, gop: Tensor) -> tuple[Tensor, ...]:
        """Score one utterance by the mean of the members.

        Args:
            classes: (1, U) canonical classes.
            gop: (1, U, N_GOP) not standardised.

        Returns:
            (1, U) phone scores from 0 to 2, (1, 4) utterance scores from 0 to 10 and, with `words`, (1, U, 3)
            scores of each phone's word from 0 to 10, none of them clipped to its range.
        """
        outputs = [member(classes, self.standardise(gop), None) for member in self.members]
        phone, word, utterance = (torch.stack(parts).mean(dim=0) for parts in zip(*outputs, strict=True))
        return (phone, 5 * utterance, 5 * word) if self.words else (phone, 5 * utterance)


def sinusoids(length: int, width: int) -> Tensor:
    """Return sinusoidal position encodings, (1, length, width) (Vaswani et al. 2017)."""
    position = torch.arange(length).unsqueeze(1)
    frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angle = position * frequency
    return torch.stack((angle.sin(), angle.cos()), dim=2).reshape(1, length, width)
