"""The scorer: from phones and streams to scores, with sounds, flow and melody each in a branch of its own.

Accuracy, words and phones come from the sound branch alone, which sees neither gaps nor pitch. Fluency adds
timing and the melody stream, and prosody adds pitch and stress to that. The total is a linear function of the
three, which starts from a fit to human scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from enunciate.pocket.symbols import N_CLASSES
from enunciate.pocket.training import scorer_inputs as inputs
from enunciate.pocket.training.encoder_config import EncoderConfig
from enunciate.pocket.training.scorer_inputs import PhraseBatch
from enunciate.pocket.training.scorer_layers import PhoneLayer, PhrasePool

SOUND_WIDTH, FLOW_WIDTH, HEADS = 128, 96, 4
TOTAL_WEIGHTS, TOTAL_BIAS = (0.712, 0.137, 0.189), -0.07


@dataclass(frozen=True)
class EncodedPhrases:
    """What the encoder and the pitch tracker give for P phrases of F frames."""

    ctc: Tensor
    """(P, F, 40) log-probabilities; class 0 is CTC's blank."""
    frame: Tensor
    """(P, F, 40) log-probabilities; class 0 is silence."""
    sound: Tensor
    """(P, F, S)"""
    melody: Tensor
    """(P, F, M)"""
    tone: Tensor
    """(P, F) semitones about the speaker's median, 0 where unvoiced."""
    voiced: Tensor
    """(P, F) 0 or 1."""
    level: Tensor
    """(P, F) level in decibels relative to the loudest frame."""


@dataclass(frozen=True)
class Scores:
    """Scores of P phrases of U phones and W words, on a scale from 0 to 1."""

    phone: Tensor
    """(P, U)"""
    wrong: Tensor
    """(P, U) logit of a mispronunciation."""
    word: Tensor
    """(P, W)"""
    whole: Tensor
    """(P, 4) accuracy, fluency, prosodic, total."""


class Scorer(nn.Module):
    """One scorer of the ensemble.

    Args:
        streams: Dimensions of the encoder whose streams are scored.
        dropout: Probability of dropping a value, in training.
        layers: Layers over phones in each branch.
    """

    def __init__(self, streams: EncoderConfig, dropout: float = 0.2, layers: int = 2) -> None:
        super().__init__()
        self._build_sound_branch(streams.sound_width, dropout, layers)
        self._build_flow_and_melody(streams.melody_width, dropout, layers)
        self.total = nn.Linear(3, 1)
        with torch.no_grad():
            self.total.weight.copy_(torch.tensor([TOTAL_WEIGHTS]))
            self.total.bias.fill_(TOTAL_BIAS)
        self.dropout = nn.Dropout(dropout)

    def _build_sound_branch(self, stream_width: int, dropout: float, layers: int) -> None:
        width = SOUND_WIDTH
        self.named = nn.Embedding(N_CLASSES, width)
        self.gate = nn.Embedding(N_CLASSES, width)
        self.stream = nn.Linear(stream_width, width)
        self.goodness = nn.Sequential(
            nn.Linear(inputs.N_GOODNESS, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width)
        )
        self.sounds = nn.ModuleList(PhoneLayer(width, HEADS, dropout) for _ in range(layers))
        self.phone = _head(width, 2, dropout)
        self.word = _head(2 * width, 1, dropout)
        self.worst = nn.Linear(width, 1)
        self.accuracy = PhrasePool(width, inputs.N_SOUND_SUMMARY, dropout)

    def _build_flow_and_melody(self, stream_width: int, dropout: float, layers: int) -> None:
        width = FLOW_WIDTH
        n_flow = inputs.N_SOUND_SUMMARY + inputs.N_FLOW_SUMMARY
        self.from_sound = nn.Linear(SOUND_WIDTH, width)
        self.from_melody = nn.Linear(stream_width, width)
        self.from_timing = nn.Linear(inputs.N_TIMING, width)
        self.flows = nn.ModuleList(PhoneLayer(width, HEADS, dropout) for _ in range(layers))
        self.fluency = PhrasePool(width, n_flow, dropout)
        self.melody_in = nn.Linear(width + inputs.N_PITCH, width)
        self.melodies = nn.ModuleList(PhoneLayer(width, HEADS, dropout) for _ in range(layers - 1))
        self.prosodic = PhrasePool(width, n_flow + inputs.N_MELODY_SUMMARY, dropout)

    def forward(self, heard: EncodedPhrases, phrase: PhraseBatch, n_words: int | Tensor) -> Scores:
        """Score P phrases.

        Args:
            heard: The frames.
            phrase: The phones.
            n_words: The number of words W of the longest phrase, or `torch.arange(W)`, which ONNX needs.
        """
        real = phrase.real
        member = inputs.membership(phrase, heard.ctc.shape[1])
        weights = inputs.frame_weights(member)
        good = inputs.goodness(heard.ctc, heard.frame, member, phrase.classes)
        timed, before, duration = inputs.timing(phrase)
        tones = inputs.pitch(heard.tone, heard.voiced, heard.level, member, phrase)
        sound_summary = inputs.sound_summary(good, real)
        flow_summary = torch.cat((sound_summary, inputs.flow_summary(phrase, before, duration, good)), dim=1)
        melody_summary = torch.cat((flow_summary, inputs.melody_summary(tones, timed, phrase)), dim=1)

        x = self.stream(self.dropout(weights @ heard.sound)) * (1 + self.gate(phrase.classes))
        x = x + self.named(phrase.classes) + self.goodness(good)
        for layer in self.sounds:
            x = layer(x, real)
        phone = self.phone(x)
        words = self._words(x, phrase, n_words)
        accuracy = self.accuracy(x, real, sound_summary)

        melody = self.dropout(weights @ heard.melody)
        y = self.from_sound(self.dropout(x)) + self.from_melody(melody) + self.from_timing(timed)
        for layer in self.flows:
            y = layer(y, real)
        fluency = self.fluency(y, real, flow_summary)

        z = self.melody_in(torch.cat((y, tones), dim=2))
        for layer in self.melodies:
            z = layer(z, real)
        three = torch.stack((accuracy, fluency, self.prosodic(z, real, melody_summary)), dim=1)
        whole = torch.cat((three, self.total(three)), dim=1)
        return Scores(phone[..., 0] * 0.3 + 0.9, phone[..., 1], words, whole)

    def _words(self, x: Tensor, phrase: PhraseBatch, n_words: int | Tensor) -> Tensor:
        """Word scores (P, W) from the mean of a word's phones and a mean that dwells on its worst ones."""
        index = n_words if isinstance(n_words, Tensor) else torch.arange(n_words, device=x.device)
        inside = (phrase.word[:, None] == index[None, :, None]).to(x.dtype) * phrase.real[:, None]
        emphasised = inside * self.worst(x)[..., 0].clamp(-6, 6).exp()[:, None]
        mean = inside @ x / inside.sum(2, keepdim=True).clamp_min(1)
        worst = emphasised @ x / emphasised.sum(2, keepdim=True).clamp_min(1e-3)
        return self.word(torch.cat((mean, worst), dim=2))[..., 0] * 0.3 + 0.85


def _head(width: int, n_outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width), nn.Dropout(dropout), nn.Linear(width, 64), nn.GELU(), nn.Linear(64, n_outputs)
    )


class Ensemble(nn.Module):
    """Several scorers, each of which learns by itself; `mean_scores` of what they say is the score."""

    def __init__(self, members: int, streams: EncoderConfig, dropout: float, layers: int = 2) -> None:
        super().__init__()
        self.members = nn.ModuleList(Scorer(streams, dropout, layers) for _ in range(members))

    def forward(self, heard: EncodedPhrases, phrase: PhraseBatch, n_words: int | Tensor) -> list[Scores]:
        """Return the scores of each member."""
        return [member(heard, phrase, n_words) for member in self.members]


def mean_scores(scores: Sequence[Scores]) -> Scores:
    """Return the mean of the members' scores."""

    def mean(name: str) -> Tensor:
        return torch.stack([getattr(member, name) for member in scores]).mean(0)

    return Scores(mean("phone"), mean("wrong"), mean("word"), mean("whole"))
