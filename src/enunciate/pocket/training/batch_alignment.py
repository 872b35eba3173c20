"""Forced alignment of a batch of clips on the device: Viterbi search in lockstep over frames.

A phone takes at least two frames (40 ms), and silence may lie between words and at both ends. A phone's
frames may hold any other sound at a price (`ANY_SOUND`), so that a mispronounced phone keeps a place of its
own instead of leaving it to its neighbours.

The states of U phones: 3u is silence before phone u, 3u + 1 its first frame, 3u + 2 its other frames, and 3U
the silence after the last phone.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

ANY_SOUND = 0.02
"""Share of a frame's other speech that counts for the phone."""
FLOOR = 1e-4
"""Added to probabilities before the logarithm."""
NEVER = -1e30


class BatchAlignment(NamedTuple):
    """Alignment of B clips with U phones at most."""

    start: Tensor
    """(B, U) first frame of each phone."""
    end: Tensor
    """(B, U) frame after the last one of each phone."""
    fit: Tensor
    """(B,) mean log-score per frame."""


def align_batch(
    frame_log_probs: Tensor, frames: Tensor, classes: Tensor, counts: Tensor, word: Tensor
) -> BatchAlignment:
    """Align each clip with its phones.

    Args:
        frame_log_probs: (B, F, 40) log-probabilities of the frame head.
        frames: (B,) real frames.
        classes: (B, U) phones.
        counts: (B,) real phones, at least one.
        word: (B, U) index of each phone's word; silence may lie only where it changes.

    Returns:
        Spans; those of padded phones mean nothing, nor do those of a clip with fewer than 2 frames per phone.
    """
    emitted = _state_emissions(frame_log_probs, classes, counts, word)
    scores, steps = _search(emitted, frames)
    rows = torch.arange(len(frames), device=frames.device)
    in_silence, in_phone = scores[rows, 3 * counts], scores[rows, 3 * counts - 1]
    final = torch.where(in_silence > in_phone, 3 * counts, 3 * counts - 1)
    path = _trace_back(steps, final)
    start, end = _spans(path, frames, classes.shape[1])
    return BatchAlignment(start, end, torch.maximum(in_silence, in_phone) / frames)


def emissions(frame_log_probs: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """Return log-scores of phones (B, F, U) and of silence (B, F) for (B, F, 40) and (B, U)."""
    probs = frame_log_probs.exp()
    own = probs.gather(2, classes[:, None, :].expand(-1, probs.shape[1], -1))
    silence = probs[..., 0]
    return (own + ANY_SOUND * (1 - silence)[..., None] + FLOOR).log(), (silence + FLOOR).log()


def _state_emissions(frame_log_probs: Tensor, classes: Tensor, counts: Tensor, word: Tensor) -> Tensor:
    """(B, F, 3U + 1) log-scores of the states; `NEVER` where no silence is allowed."""
    batch, n_frames, _ = frame_log_probs.shape
    phone, silence = emissions(frame_log_probs, classes)
    emitted = torch.full((batch, n_frames, 3 * classes.shape[1] + 1), NEVER, device=phone.device)
    emitted[..., 1::3] = phone
    emitted[..., 2::3] = phone
    starts_word = torch.ones_like(word, dtype=torch.bool)
    starts_word[:, 1:] = word[:, 1:] != word[:, :-1]
    emitted[..., 0:-1:3] = torch.where(starts_word[:, None], silence[..., None], NEVER)
    emitted[torch.arange(batch, device=phone.device), :, 3 * counts] = silence
    return emitted


def _search(emitted: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
    """Scores of ending in each state, (B, S), and how many states each frame's best step took, (F, B, S)."""
    batch, n_frames, n_states = emitted.shape
    device = emitted.device
    kind = torch.arange(n_states, device=device) % 3
    may_stay, may_skip = (
        kind != 1,
        kind == 1,
    )  # the first frame of a phone is one frame; silence may be skipped
    scores = torch.full((batch, n_states), NEVER, device=device)
    scores[:, :2] = emitted[:, 0, :2]
    steps = torch.zeros((n_frames, batch, n_states), dtype=torch.int8, device=device)
    never = torch.full((batch, 2), NEVER, device=device)
    real = torch.arange(n_frames, device=device)[:, None] < frames[None]
    for t in range(1, n_frames):
        stay = torch.where(may_stay, scores, NEVER)
        step = torch.cat((never[:, :1], scores[:, :-1]), dim=1)
        skip = torch.where(may_skip, torch.cat((never, scores[:, :-2]), dim=1), NEVER)
        best, back = torch.stack((stay, step, skip)).max(dim=0)
        scores = torch.where(real[t][:, None], best + emitted[:, t], scores)
        steps[t] = torch.where(real[t][:, None], back, 0).to(torch.int8)
    return scores, steps


def _trace_back(steps: Tensor, final: Tensor) -> Tensor:
    """The best path, (B, F) states, from the steps (F, B, S) and the final states (B,)."""
    path = torch.empty(steps.shape[:2], dtype=torch.long, device=steps.device)
    state = final
    for t in range(len(steps) - 1, -1, -1):
        path[t] = state
        state = (state - steps[t].gather(1, state[:, None])[:, 0].long()).clamp_min(0)
    return path.T


def _spans(path: Tensor, frames: Tensor, n_phones: int) -> tuple[Tensor, Tensor]:
    """First and last frame (exclusive) of each phone, (B, U), on the path (B, F)."""
    batch, n_frames = path.shape
    place = torch.arange(n_frames, device=path.device)
    phone = torch.where((place[None] < frames[:, None]) & (path % 3 != 0), path // 3, n_phones)
    inside = torch.zeros((batch, n_frames, n_phones + 1), dtype=torch.bool, device=path.device)
    inside = inside.scatter_(2, phone[..., None], True)[..., :-1]
    start = torch.where(inside, place[None, :, None], n_frames).amin(dim=1)
    end = torch.where(inside, place[None, :, None] + 1, 0).amax(dim=1)
    return start, end
