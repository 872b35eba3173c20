"""What the scorers see of a phrase, computed inside the network, so that training and the ONNX files agree.

The functions take the encoder's outputs for P phrases of F frames of 20 ms, and a soft membership (P, U, F):
how much of each frame belongs to each of U phones. Inputs for sounds, for flow and for melody are kept apart,
so that each score can be given what its name says and no more.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from enunciate.phones import is_vowel
from enunciate.pocket.acoustic_model import FRAME_S
from enunciate.pocket.phone_timing import PAUSE_S
from enunciate.pocket.symbols import CLASS_OF_PHONE

LOWEST_LOG_PROB = -10.0
VOWELS = tuple(label for phone, label in CLASS_OF_PHONE.items() if is_vowel(phone))
"""Classes of the vowels."""
N_GOODNESS, N_TIMING, N_PITCH = 88, 6, 7
"""Inputs for each phone."""
N_SOUND_SUMMARY, N_FLOW_SUMMARY, N_MELODY_SUMMARY = 9, 8, 11
"""Inputs for a whole phrase."""


@dataclass(frozen=True)
class PhraseBatch:
    """The canonical phones of P phrases, U phones at most, and where they are."""

    classes: Tensor
    """(P, U) canonical classes, 0 where padded."""
    stress: Tensor
    """(P, U) 1 for the stressed vowel of a word of several syllables, else 0."""
    word: Tensor
    """(P, U) index of each phone's word in the phrase."""
    start: Tensor
    """(P, U) in frames, fractions allowed."""
    end: Tensor
    """(P, U) in frames, fractions allowed."""

    @property
    def real(self) -> Tensor:
        """(P, U) 1 for phones, 0 for padding."""
        return (self.classes > 0).float()


def membership(phrase: PhraseBatch, n_frames: int) -> Tensor:
    """Return the share of each frame that lies within each phone, (P, U, F)."""
    left = torch.arange(n_frames, device=phrase.start.device, dtype=torch.float32)
    overlap = torch.minimum(phrase.end[..., None], left + 1) - torch.maximum(phrase.start[..., None], left)
    return overlap.clamp(0, 1) * phrase.real[..., None]


def frame_weights(member: Tensor) -> Tensor:
    """Turn a membership into weights of a mean over each phone's frames, (P, U, F)."""
    return member / member.sum(dim=2, keepdim=True).clamp_min(1e-3)


def mean_over(values: Tensor, real: Tensor) -> Tensor:
    """Return the mean over real phones: (P, U) or (P, U, C) -> (P,) or (P, C)."""
    if values.dim() == 3:
        return (values * real[..., None]).sum(1) / real.sum(1, keepdim=True).clamp_min(1)
    return (values * real).sum(1) / real.sum(1).clamp_min(1)


def spread_over(values: Tensor, real: Tensor) -> Tensor:
    """Return the standard deviation over real phones, (P, U) -> (P,)."""
    centred = (values - mean_over(values, real)[:, None]) * real
    return (centred.square().sum(1) / real.sum(1).clamp_min(1) + 1e-4).sqrt()


def goodness(ctc: Tensor, frame: Tensor, member: Tensor, classes: Tensor) -> Tensor:
    """Return goodness of pronunciation of each phone, (P, U, 88).

    Eight values compare the canonical phone with its rivals (Witt and Young, 2000); then come the mean
    log-posteriors of the frame head over the phone, and those of CTC's peaks in and next to it.

    Args:
        ctc: (P, F, 40) log-probabilities.
        frame: (P, F, 40) log-probabilities.
        member: (P, U, F).
        classes: (P, U) canonical classes.
    """
    mean = frame_weights(member) @ frame.clamp_min(LOWEST_LOG_PROB)
    around = torch.nn.functional.pad(member, (1, 1))
    widened = torch.maximum(torch.maximum(around[..., :-2], around[..., 2:]), member)
    peaks = (widened @ ctc.exp() + 2e-4).log().clamp(LOWEST_LOG_PROB, 1.0)
    canonical = (classes[..., None] == torch.arange(frame.shape[2], device=classes.device)).to(mean.dtype)
    excluded = canonical * 1e4
    own = (mean * canonical).sum(2)
    own_peak = (peaks * canonical).sum(2)
    rival = (mean - excluded)[..., 1:].amax(2)
    rival_peak = (peaks - excluded)[..., 1:].amax(2)
    entropy = -(mean.exp() * mean).sum(2)
    n_peaks = (widened @ (1 - ctc[..., :1].exp()))[..., 0].clamp(0, 4)
    posterior = (frame_weights(member) @ frame.exp() * canonical).sum(2)
    columns = [
        own / 4,
        (own - rival) / 4,
        mean[..., 0] / 4,
        own_peak / 4,
        (own_peak - rival_peak) / 4,
        entropy,
        n_peaks,
        posterior,
    ]
    return torch.cat((torch.stack(columns, dim=2), mean / 4, peaks / 4), dim=2)


def sound_summary(good: Tensor, real: Tensor) -> Tensor:
    """Return how good the sounds of each phrase are, and how unequal, (P, 9), from goodness (P, U, 88)."""
    own, ratio, peak, peak_ratio, entropy, n_peaks = (good[..., i] for i in (0, 1, 3, 4, 5, 6))
    columns = [
        mean_over(own, real),
        spread_over(own, real),
        mean_over(ratio.clamp(-1, 1), real),
        mean_over(peak, real),
        mean_over(peak_ratio.clamp(-1, 1), real),
        mean_over((own < -0.5).float(), real),
        mean_over((peak_ratio < 0).float(), real),
        mean_over((n_peaks - 1).abs(), real),
        mean_over(entropy, real),
    ]
    return torch.stack(columns, dim=1)


def timing(phrase: PhraseBatch) -> tuple[Tensor, Tensor, Tensor]:
    """Return inputs about durations and silences (P, U, 6), then gaps and durations.

    Returns:
        The inputs; the gap before each phone in seconds (P, U); the duration of each phone in seconds (P, U).
    """
    real = phrase.real
    duration = ((phrase.end - phrase.start) * FRAME_S).clamp_min(0.01)
    gaps = (phrase.start[:, 1:] - phrase.end[:, :-1]).clamp_min(0) * FRAME_S * real[:, 1:]
    before = torch.cat((torch.zeros_like(duration[:, :1]), gaps), dim=1)
    after = torch.cat((before[:, 1:], torch.zeros_like(before[:, :1])), dim=1)
    log_duration = duration.log() * real
    # The last phone of a phrase ends its word, whether padding follows or nothing.
    changes = ((phrase.word[:, 1:] != phrase.word[:, :-1]) | (real[:, 1:] == 0)).float()
    first = torch.cat((torch.ones_like(duration[:, :1]), changes), dim=1)
    last = torch.cat((first[:, 1:], torch.ones_like(first[:, :1])), dim=1)
    columns = [
        log_duration,
        log_duration - mean_over(log_duration, real)[:, None],
        (10 * before).log1p(),
        (10 * after).log1p(),
        first,
        last,
    ]
    return torch.stack(columns, dim=2) * real[..., None], before, duration


def flow_summary(phrase: PhraseBatch, before: Tensor, duration: Tensor, good: Tensor) -> Tensor:
    """Return rate, pauses inside the phrase, evenness and sounds beyond the text, (P, 8)."""
    real = phrase.real
    n_phones = real.sum(1).clamp_min(1)
    spoken_s = (duration * real).sum(1).clamp_min(0.05)
    silent_s = before.sum(1)
    pause = before * (before >= PAUSE_S)
    n_words = phrase.word.amax(1).float() + 1
    columns = [
        (n_phones / spoken_s).log() - 2.4,
        (n_phones / (spoken_s + silent_s)).log() - 2.3,
        (before >= PAUSE_S).float().sum(1) / n_words,
        pause.sum(1) / (spoken_s + silent_s),
        pause.amax(1).log1p(),
        pause.sum(1).log1p(),
        spread_over(duration.log() * real, real),
        mean_over((good[..., 6] - 1).clamp_min(0), real),
    ]
    return torch.stack(columns, dim=1)


def pitch(tone: Tensor, voiced: Tensor, level: Tensor, member: Tensor, phrase: PhraseBatch) -> Tensor:
    """Return pitch (in units of 6 semitones), its slope, voicing, level and stress of each phone, (P, U, 7).

    Args:
        tone: (P, F) semitones about the speaker's median, 0 where unvoiced.
        voiced: (P, F) 0 or 1.
        level: (P, F) level in decibels.
        member: (P, U, F).
        phrase: The phones, for their stress.
    """
    real = phrase.real
    voiced_member = member * voiced[:, None]
    amount = voiced_member.sum(2)
    weights = voiced_member / amount[..., None].clamp_min(0.5)
    mean = (weights @ tone[..., None])[..., 0] / 6
    place = torch.arange(tone.shape[1], device=tone.device, dtype=tone.dtype)
    distance = place[None, None] - (weights * place).sum(2)[..., None]
    away = distance * weights
    slope = (away @ tone[..., None])[..., 0] / ((away * distance).sum(2) + 1.0)
    loud = (frame_weights(member) @ level[..., None])[..., 0]
    loud = (loud - mean_over(loud, real)[:, None]) / 10
    vowel = torch.zeros_like(real)
    for label in VOWELS:
        vowel = vowel + (phrase.classes == label).to(real.dtype)
    columns = [
        mean,
        slope.clamp(-3, 3),
        amount.clamp(max=1.0),
        loud.clamp(-4, 4),
        phrase.stress.to(real.dtype),
        vowel,
        mean.abs(),
    ]
    return torch.stack(columns, dim=2) * real[..., None]


def melody_summary(tones: Tensor, timed: Tensor, phrase: PhraseBatch) -> Tensor:
    """Return the pitch's range, movement, declination and end, contrast by stress, and rhythm, (P, 11).

    Args:
        tones: (P, U, 7) from `pitch`.
        timed: (P, U, 6) from `timing`.
        phrase: The phones.
    """
    real = phrase.real
    tone, slope, voiced, loud, stress, vowel = (tones[..., i] for i in range(6))
    audible = real * vowel * (voiced > 0.5)
    place = phrase.word.to(tone.dtype) / (phrase.word.amax(1, keepdim=True).to(tone.dtype) + 1) - 0.5
    centred = place - mean_over(place, audible)[:, None]
    decline = (centred * tone * audible).sum(1) / ((centred.square() * audible).sum(1) + 0.05)
    late, early = audible * (place > 0.15), audible * (place < -0.15)
    stressed, other = real * vowel * stress, real * vowel * (1 - stress)
    length = timed[..., 1]
    columns = [
        spread_over(tone, audible),
        mean_over(slope.abs(), audible),
        decline.clamp(-3, 3),
        mean_over(tone, late) - mean_over(tone, early),
        mean_over(tone, stressed * audible) - mean_over(tone, other * audible),
        mean_over(loud, stressed) - mean_over(loud, other),
        mean_over(length, stressed) - mean_over(length, other),
        spread_over(length, real * vowel),
        spread_over(loud, real * vowel),
        mean_over(tone.abs(), audible),
        vowel_variability(length, real * vowel),
    ]
    return torch.stack(columns, dim=1)


def vowel_variability(log_duration: Tensor, vowel: Tensor) -> Tensor:
    """Return the normalised pairwise variability (nPVI; Grabe and Low, 2002) of vowels, over 100, (P,).

    Speech whose stressed and reduced vowels take turns, as in English, has a higher one than speech whose
    syllables are all equally long. A phrase of fewer than two vowels has 0.

    Args:
        log_duration: (P, U) logarithms of durations, up to a constant for each phrase.
        vowel: (P, U) 1 for vowels, else 0.
    """
    rank = vowel.cumsum(1)
    ahead = rank[:, None] - rank[..., None]
    follows = (ahead - 1).abs() < 0.5
    pairs = follows.to(vowel.dtype) * vowel[:, None] * vowel[..., None]
    # |a - b| / ((a + b) / 2) is 2 tanh(|log a - log b| / 2).
    apart = 2 * torch.tanh((log_duration[:, None] - log_duration[..., None]).abs() / 2)
    return (apart * pairs).sum((1, 2)) / pairs.sum((1, 2)).clamp_min(1)
