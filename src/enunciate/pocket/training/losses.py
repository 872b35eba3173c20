"""Losses of training. Labels are ranges, and a score inside its range costs nothing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from enunciate.pocket.training.encoder import Encoded
from enunciate.pocket.training.options import LossWeights
from enunciate.pocket.training.scorer import Scores
from enunciate.pocket.training.waveform_bank import Batch

PROSODIC, TOTAL = 2, 3
"""Places of these aspects in arrays of utterance scores."""
WRONG_BELOW = 0.5
"""A phone with a lower score, from 0 to 2, is mispronounced."""


def outside(value: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return how far values lie outside their ranges; 0 where the range is not known (`high` below 0)."""
    return torch.where(high >= 0, (low - value).clamp_min(0) + (value - high).clamp_min(0), 0.0)


def phrase_weights(batch: Batch, weights: LossWeights) -> Tensor:
    """Return how much each phrase counts, (P,): recordings 1, synthetic speech less."""
    return 1.0 - (1.0 - weights.made) * (1.0 - batch.real_speech)


def score_losses(
    scores: Scores, batch: Batch, low: Tensor, high: Tensor, weights: LossWeights
) -> dict[str, Tensor]:
    """Return squared distances of scores from their ranges, and the cross-entropy of mispronunciation.

    Args:
        scores: The scores of one member of the ensemble.
        batch: Ranges of phones and words.
        low: (P, 4) lower ends of the utterance scores, 0 to 10.
        high: (P, 4) upper ends; below 0 where not known.
        weights: The weights of the losses.
    """
    count = phrase_weights(batch, weights)[:, None]
    phone_known = (batch.phone_high >= 0).float() * count
    phone = outside(scores.phone * 2, batch.phone_low, batch.phone_high).div(2).square()
    is_wrong = batch.phone_high < WRONG_BELOW
    decided = phone_known * (is_wrong | (batch.phone_low >= WRONG_BELOW)).float()
    wrong = functional.binary_cross_entropy_with_logits(scores.wrong, is_wrong.float(), reduction="none")
    word_known = (batch.word_high >= 0).float() * count
    word = outside(scores.word * 10, batch.word_low, batch.word_high).div(10).square()
    whole_known = (high >= 0).float() * count
    whole = outside(scores.whole * 10, low, high).div(10).square()
    whole_mean = (whole * whole_known).sum(0) / whole_known.sum(0).clamp_min(1)
    return {
        "phone": weights.phone * _mean(phone, phone_known),
        "wrong": weights.wrong * _mean(wrong, decided),
        "word": weights.word * _mean(word, word_known),
        "whole": (whole.new_tensor(weights.whole) * whole_mean).sum(),
    }


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum().clamp_min(1)


def loss_without_reference(
    whole: Tensor, batch: Batch, low: Tensor, high: Tensor, weights: LossWeights
) -> Tensor:
    """Return the loss of utterance scores without reference, (P, 4), with ranges as in `score_losses`."""
    count = phrase_weights(batch, weights)[:, None]
    squared = outside(whole * 10, low, high).div(10).square()
    scale = whole.new_tensor(weights.whole) / 10
    return weights.free * (squared * scale * count).sum(1).mean()


def divergence(student: Encoded, teacher: Encoded, frames: Tensor) -> Tensor:
    """Return how far posteriors are from a teacher's: the Kullback-Leibler divergences of both heads, added.

    Args:
        student: Log-probabilities of F frames; the streams do not count.
        teacher: The same of the teacher.
        frames: (B,) real frames of each clip; what is behind them does not count.

    Returns:
        The mean over all real frames, in nats.
    """
    real = torch.arange(student.ctc.shape[1], device=frames.device)[None] < frames[:, None]
    heads = ((student.ctc, teacher.ctc), (student.frame, teacher.frame))
    apart = [functional.kl_div(ours, theirs, reduction="none", log_target=True) for ours, theirs in heads]
    return _mean(torch.stack(apart).sum((0, 3)), real.float())


def flattened_pitch(batch: Batch, share: float) -> tuple[Tensor, Tensor, Tensor]:
    """Flatten the pitch of some phrases, whose prosodic score then falls and whose total is not known.

    The pitch of all phrases gets the errors of a tracker.

    Args:
        batch: The phrases.
        share: Share of phrases with flattened pitch.

    Returns:
        The pitch of each phrase (P, F) in semitones, and the ranges of the utterance scores, (P, 4) each.
    """
    tone = batch.tone[batch.row]
    flat = (torch.rand(len(tone), 1, device=tone.device) < share).float()
    kept = 1 - flat * torch.empty_like(flat).uniform_(0.75, 1.0)
    low, high = batch.low.clone(), batch.high.clone()
    falls = (flat[:, 0] > 0) & (high[:, PROSODIC] >= 0)
    fallen_high = (high[:, PROSODIC] - 1.5 * (1 - kept[:, 0])).clamp_min(1)
    high[:, PROSODIC] = torch.where(falls, fallen_high, high[:, PROSODIC])
    low[:, PROSODIC] = torch.where(falls, (low[:, PROSODIC] - 2.5).clamp_min(0), low[:, PROSODIC])
    low[:, TOTAL] = torch.where(falls, -1.0, low[:, TOTAL])
    high[:, TOTAL] = torch.where(falls, -1.0, high[:, TOTAL])
    tracker_errors = batch.voiced[batch.row] * torch.randn_like(tone) * 0.2
    return tone * kept + tracker_errors, low, high
