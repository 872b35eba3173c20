"""The scorer without reference text: scores of a phrase from a weighted mean over its frames."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from enunciate.pocket.training.encoder import convolve
from enunciate.pocket.training.encoder_config import EncoderConfig
from enunciate.pocket.training.scorer import EncodedPhrases

N_FRAME_INPUTS = 8
WIDTH = 96


class ScorerWithoutReference(nn.Module):
    """Accuracy, fluency, prosodic and total without knowing the text."""

    def __init__(self, streams: EncoderConfig, dropout: float, width: int = WIDTH) -> None:
        super().__init__()
        n_summary = 2 * width + N_FRAME_INPUTS
        self.into = nn.Linear(streams.sound_width + streams.melody_width + N_FRAME_INPUTS, width)
        self.near = nn.Conv1d(width, width, 5, padding=2)
        self.weight = nn.Linear(width, 4)
        self.out = nn.Sequential(
            nn.LayerNorm(n_summary),
            nn.Dropout(dropout),
            nn.Linear(n_summary, 96),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(96, 4),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, heard: EncodedPhrases, inside: Tensor) -> Tensor:
        """Score P phrases, (P, 4) on a scale from 0 to 1.

        Args:
            heard: The frames.
            inside: (P, F) 1 for frames of the phrase, 0 for others.
        """
        plain = _frame_inputs(heard)
        share = inside / inside.sum(1, keepdim=True).clamp_min(1)
        streams = torch.cat((self.dropout(heard.sound), self.dropout(heard.melody), plain), dim=2)
        x = self.into(streams) * inside[..., None]
        x = x + functional.gelu(convolve(x, self.near)) * inside[..., None]
        weights = (self.weight(x) + (inside[..., None] - 1) * 1e4).softmax(1)
        pooled = torch.einsum("pfk,pfw->pkw", weights, x).mean(1)
        spread = ((x - pooled[:, None]).square() * share[..., None]).sum(1).add(1e-4).sqrt()
        mean = (plain * share[..., None]).sum(1)
        return self.out(torch.cat((pooled, spread, mean), dim=1)) * 0.3 + 0.75


def _frame_inputs(heard: EncodedPhrases) -> Tensor:
    """How sure the posteriors of each frame are, its silence, pitch, voicing and level, (P, F, 8)."""
    certainty = heard.ctc.exp().square().sum(2)
    columns = [
        certainty,
        heard.ctc[..., 0].exp(),
        heard.frame.exp().square().sum(2),
        heard.frame[..., 0].exp(),
        heard.tone / 6,
        heard.voiced,
        heard.level / 20,
        torch.ones_like(certainty),
    ]
    return torch.stack(columns, dim=2)
