"""The scale model while it learns to transcribe: losses of a whole batch without a wait for the processor.

It computes what the model's own `forward` computes, put together for speed: audio goes into the sequences by
one gather instead of clip by clip, and sequences are contiguous and padded on the right, so that the
decoder needs no mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, ctc_loss, gelu, log_softmax

from enunciate.pocket.fbank import N_MELS
from enunciate.pocket.symbols import BLANK, N_CLASSES
from enunciate.pocket.training.augment import add_noise, add_room, mask_bands, warp_frequency
from enunciate.pocket.training.options import AugmentConfig
from enunciate.speech_lm.families.phi4.causal_lm import IGNORED, Phi4MultimodalForCausalLM

FRAMES_PER_TOKEN = 8
CTC_PER_TOKEN = 4
"""Phones can be shorter than the 80 ms of an audio token: each gets four places of the auxiliary loss."""
_QUIET = 0.0
"""Log-mel of silence: the feature extractor's floor."""


@dataclass(frozen=True)
class Batch:
    """B clips on the device: (B, T, 80) features, (B, U) tails of sequences."""

    features: Tensor
    n_frames: Tensor
    tail: Tensor
    """Ids; 0 where there is none."""
    labels: Tensor
    """(B, U) `tail` where it is answer, `IGNORED` elsewhere."""
    classes: Tensor
    host_places: Tensor
    """(B,) places of the auxiliary loss, on the processor, as `ctc_loss` wants it; so is the next."""
    host_counts: Tensor
    """(B,) phones."""
    place_classes: Tensor
    """(B, places) what is said there, `IGNORED` where nobody knows."""


@dataclass(frozen=True)
class Losses:
    """Mean losses of a batch, and how many of the answers' tokens were the most likely ones."""

    answer: Tensor
    ctc: Tensor
    place: Tensor
    """Of what is said at each place, where that is known: it has no plateau to leave, as CTC has."""
    right: Tensor
    ctc_logits: Tensor
    """(B, places, classes)."""


class Transcriber(nn.Module):
    """The model with the head of the auxiliary loss."""

    def __init__(self, model: Phi4MultimodalForCausalLM, head_ids: list[int], hidden_answer: float) -> None:
        super().__init__()
        self.model = model
        width = cast("int", cast("Any", model.config).audio_config.hidden_size)
        self.ctc = nn.Linear(width, CTC_PER_TOKEN * N_CLASSES)
        self.place = nn.Linear(width, CTC_PER_TOKEN * N_CLASSES)
        self.head_ids = nn.Buffer(torch.tensor(head_ids), persistent=False)
        self.hidden_answer = hidden_answer

    def forward(self, batch: Batch) -> Losses:
        """All losses of a batch."""
        audio = self.model.model.embed_tokens_extend.audio_embed
        frames = torch.arange(batch.features.shape[1], device=batch.features.device)
        heard = frames < batch.n_frames[:, None]
        dtype = audio.up_proj_for_speech.weight.dtype
        encoded = cast("Tensor", audio.encoder(batch.features.to(dtype), heard))
        ctc, logits = self._ctc_loss(encoded, batch)
        embedded = audio.down_proj_for_speech(gelu(audio.up_proj_for_speech(encoded)))
        answer, right = self._answer_loss(cast("Tensor", embedded), batch)
        return Losses(answer, ctc, self._place_loss(encoded, batch), right, logits)

    def _ctc_loss(self, encoded: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        size, tokens, _ = encoded.shape
        logits = self.ctc(encoded).view(size, tokens * CTC_PER_TOKEN, N_CLASSES)
        log_probs = log_softmax(logits.float(), dim=2).transpose(0, 1)
        losses = ctc_loss(
            log_probs, batch.classes, batch.host_places, batch.host_counts, BLANK, "none", zero_infinity=True
        )
        return losses.sum() / batch.host_counts.sum(), logits

    def _place_loss(self, encoded: Tensor, batch: Batch) -> Tensor:
        logits = self.place(encoded).view(-1, N_CLASSES).float()
        labels = batch.place_classes.flatten()
        losses = cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
        return losses / (labels != IGNORED).sum().clamp_min(1)

    def _answer_loss(self, audio: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        inner = cast("Any", self.model.model)
        size, n_audio, _ = audio.shape
        n_head = len(self.head_ids)
        head = inner.embed_tokens(self.head_ids).expand(size, -1, -1)
        tail = inner.embed_tokens(batch.tail)
        if self.training and self.hidden_answer:
            hidden = torch.rand(batch.tail.shape, device=audio.device) < self.hidden_answer
            tail = tail.masked_fill((hidden & (batch.labels != IGNORED)).unsqueeze(2), 0)
        parts = torch.cat((head, audio, tail), dim=1)
        own = n_head + (batch.n_frames + FRAMES_PER_TOKEN - 1) // FRAMES_PER_TOKEN
        place = torch.arange(parts.shape[1], device=audio.device)[None]
        # Behind its own audio, each sequence goes on with its tail at once.
        moved = (place + n_head + n_audio - own[:, None]).clamp(max=parts.shape[1] - 1)
        source = torch.where(place < own[:, None], place, moved)
        embeds = parts.gather(1, source.unsqueeze(2).expand(-1, -1, parts.shape[2]))
        states = inner(inputs_embeds=embeds, use_cache=False).last_hidden_state
        before = own[:, None] + torch.arange(-1, batch.tail.shape[1] - 1, device=audio.device)
        states = states.gather(1, before.unsqueeze(2).expand(-1, -1, states.shape[2]))
        logits = cast("Tensor", self.model.lm_head(states)).float()
        loss = cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORED)
        chosen = batch.labels != IGNORED
        right = ((logits.argmax(2) == batch.labels) & chosen).sum() / chosen.sum()
        return loss, right


@torch.no_grad()
def augmented(
    features: Tensor, lengths: Tensor, synthetic: Tensor, config: AugmentConfig, mean: Tensor
) -> Tensor:
    """Augment log-mel (B, T, 80) of the model's feature extractor, as `acoustic.augment` does with pocket's.

    The two differ in scale and band limits, too little to matter for what is random anyway. `mean` (80,)
    takes the place of what is masked.
    """
    batch, device = len(features), features.device
    spread = torch.empty(batch, device=device).uniform_(-1, 1)
    own, other = 1 + config.warp * spread, 1 + config.warp_synthetic * (spread * 0.6 + 0.4)
    x = warp_frequency(features, torch.where(synthetic, other, own))
    band = torch.linspace(0, 1, N_MELS, device=device)
    curves = torch.stack([torch.cos(torch.pi * k * band) / k for k in range(1, 5)])
    x = x + config.tilt * (torch.randn(batch, 4, device=device) @ curves)[:, None]
    x = add_noise(add_room(x, config), lengths, config).clamp_min(_QUIET)
    x = mask_bands(x - mean, lengths, config) + mean
    return without_padding(x, lengths)


def without_padding(features: Tensor, lengths: Tensor) -> Tensor:
    """Zeros behind the end of each clip."""
    padding = torch.arange(features.shape[1], device=features.device)[None] >= lengths[:, None]
    return features.masked_fill(padding.unsqueeze(2), 0)
