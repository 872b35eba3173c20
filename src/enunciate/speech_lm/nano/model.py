"""The nano base while it learns to transcribe: the losses of a batch, without synchronising with the device.

It computes what the model's own `forward` computes, arranged for speed: audio enters the sequences by one
gather instead of clip by clip, and sequences are contiguous and padded on the right, so that the decoder
needs no mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, ctc_loss, gelu, log_softmax

from enunciate.pocket.symbols import BLANK, N_CLASSES
from enunciate.speech_lm.families.phi4.audio_frames import FRAMES_PER_TOKEN
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX
from enunciate.speech_lm.nano.feature_bank import FRAMES_PER_STEP

CTC_STEPS_PER_TOKEN = FRAMES_PER_TOKEN // FRAMES_PER_STEP
"""Phones can be shorter than the 80 ms of an audio token, so each token gets four CTC steps."""


@dataclass(frozen=True)
class TranscriberBatch:
    """B clips on the device: (B, T, 80) features, (B, U) tails of sequences."""

    features: Tensor
    n_frames: Tensor
    tail: Tensor
    """(B, U) ids after the audio, padded with 0."""
    labels: Tensor
    """(B, U) `tail` within the answer, `IGNORE_INDEX` elsewhere."""
    classes: Tensor
    host_ctc_lengths: Tensor
    """(B,) CTC steps per clip, on the CPU, as `ctc_loss` requires; so are the phone counts."""
    host_phone_counts: Tensor
    """(B,) phones per clip."""
    step_classes: Tensor
    """(B, CTC steps) the phone at each step, `IGNORE_INDEX` where it is unknown."""


@dataclass(frozen=True)
class TranscriberLosses:
    """Mean losses of a batch, and the accuracy of the predicted answer tokens."""

    answer: Tensor
    ctc: Tensor
    framewise: Tensor
    """Cross-entropy of the known phones at the CTC steps: unlike CTC, it has no initial plateau."""
    token_accuracy: Tensor
    ctc_logits: Tensor
    """(B, CTC steps, classes)."""


class Transcriber(nn.Module):
    """The model with the heads of the two auxiliary losses on its audio encoder."""

    def __init__(
        self, model: Phi4MultimodalForCausalLM, prompt_prefix_ids: list[int], hidden_answer: float
    ) -> None:
        super().__init__()
        self.model = model
        width = cast("int", model.config.audio_config.hidden_size)
        self.ctc = nn.Linear(width, CTC_STEPS_PER_TOKEN * N_CLASSES)
        self.framewise = nn.Linear(width, CTC_STEPS_PER_TOKEN * N_CLASSES)
        self.prompt_prefix_ids = nn.Buffer(torch.tensor(prompt_prefix_ids), persistent=False)
        self.hidden_answer = hidden_answer

    def forward(self, batch: TranscriberBatch) -> TranscriberLosses:
        """Compute all losses of a batch."""
        audio = self.model.model.embed_tokens_extend.audio_embed
        frames = torch.arange(batch.features.shape[1], device=batch.features.device)
        visible = frames < batch.n_frames[:, None]
        dtype = audio.up_proj_for_speech.weight.dtype
        encoded = cast("Tensor", audio.encoder(batch.features.to(dtype), visible))
        ctc, logits = self._ctc_loss(encoded, batch)
        embedded = audio.down_proj_for_speech(gelu(audio.up_proj_for_speech(encoded)))
        answer, accuracy = self._answer_loss(cast("Tensor", embedded), batch)
        return TranscriberLosses(answer, ctc, self._framewise_loss(encoded, batch), accuracy, logits)

    def _ctc_loss(self, encoded: Tensor, batch: TranscriberBatch) -> tuple[Tensor, Tensor]:
        size, tokens, _ = encoded.shape
        logits = self.ctc(encoded).view(size, tokens * CTC_STEPS_PER_TOKEN, N_CLASSES)
        log_probs = log_softmax(logits.float(), dim=2).transpose(0, 1)
        losses = ctc_loss(
            log_probs,
            batch.classes,
            batch.host_ctc_lengths,
            batch.host_phone_counts,
            BLANK,
            "none",
            zero_infinity=True,
        )
        return losses.sum() / batch.host_phone_counts.sum(), logits

    def _framewise_loss(self, encoded: Tensor, batch: TranscriberBatch) -> Tensor:
        logits = self.framewise(encoded).view(-1, N_CLASSES).float()
        labels = batch.step_classes.flatten()
        losses = cross_entropy(logits, labels, ignore_index=IGNORE_INDEX, reduction="sum")
        return losses / (labels != IGNORE_INDEX).sum().clamp_min(1)

    def _answer_loss(self, audio: Tensor, batch: TranscriberBatch) -> tuple[Tensor, Tensor]:
        inner = cast("Any", self.model.model)
        size, n_audio, _ = audio.shape
        n_head = len(self.prompt_prefix_ids)
        head = inner.embed_tokens(self.prompt_prefix_ids).expand(size, -1, -1)
        tail = inner.embed_tokens(batch.tail)
        if self.training and self.hidden_answer:
            hidden = torch.rand(batch.tail.shape, device=audio.device) < self.hidden_answer
            tail = tail.masked_fill((hidden & (batch.labels != IGNORE_INDEX)).unsqueeze(2), 0)
        parts = torch.cat((head, audio, tail), dim=1)
        own = n_head + (batch.n_frames + FRAMES_PER_TOKEN - 1) // FRAMES_PER_TOKEN
        position = torch.arange(parts.shape[1], device=audio.device)[None]
        # The tail of each sequence directly follows its own audio.
        moved = (position + n_head + n_audio - own[:, None]).clamp(max=parts.shape[1] - 1)
        source = torch.where(position < own[:, None], position, moved)
        embeds = parts.gather(1, source.unsqueeze(2).expand(-1, -1, parts.shape[2]))
        states = inner(inputs_embeds=embeds, use_cache=False).last_hidden_state
        before = own[:, None] + torch.arange(-1, batch.tail.shape[1] - 1, device=audio.device)
        states = states.gather(1, before.unsqueeze(2).expand(-1, -1, states.shape[2]))
        logits = cast("Tensor", self.model.lm_head(states)).float()
        loss = cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORE_INDEX)
        chosen = batch.labels != IGNORE_INDEX
        accuracy = ((logits.argmax(2) == batch.labels) & chosen).sum() / chosen.sum()
        return loss, accuracy
