"""Goodness of pronunciation without an alignment, from CTC log-probabilities.

The probability of the canonical phones is compared with that of the same sequence with one phone replaced by
any phone, or deleted (after Cao, Fan, Svendsen and Salvi 2024, "A framework for phoneme-level pronunciation
assessment using CTC"):

    GOP_u = log P(l) - log( sum over k of P(l with l_u = k) + P(l without l_u) )

This is the log-posterior of the canonical phone given all others. It is at most 0, because the sum includes
P(l). No boundaries have to be fixed first, because each P sums over all paths.

The CTC graph of U phones has the states 0 (blank), 1 (first phone), 2 (blank), ... 2U (blank). Prefixes end
and suffixes begin at the states around u. So one forward and one backward pass serve all u, and the phone in
place of u takes one more recursion over all (u, k) together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from enunciate.pocket.forced_alignment import LogProbs
from enunciate.pocket.symbols import BLANK

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.integer[Any]]
Marks = npt.NDArray[np.bool_]


def ctc_gop(log_probs: LogProbs, classes: Indices) -> Array:
    """Score each phone of a sequence.

    Args:
        log_probs: (F, C) CTC log-probabilities; class 0 is blank, all others are phones.
        classes: (U,) canonical classes, U at least 1.

    Returns:
        (U,) goodness, at most 0; -inf where the frames cannot hold the phones.
    """
    emissions = log_probs.astype(np.float64)
    before = _forward(emissions, classes)
    after = _backward(emissions, classes)
    replaced = _replaced(emissions, classes, before, after)
    canonical = replaced[np.arange(len(classes)), classes - 1]
    deleted = _deleted(emissions, classes, before, after)
    either = np.logaddexp(_sum(replaced, axis=1), deleted)
    possible = np.isfinite(canonical)
    return np.where(possible, np.minimum(canonical - np.where(possible, either, 0.0), 0.0), -np.inf)


def _forward(emissions: Array, classes: Indices) -> Array:
    """Compute the log-probability of the first t frames along paths that end in each state, (F + 1, 2U + 1).

    At t = 0 the first blank stands for "not begun".
    """
    states = _states(classes)
    skip = _skips(states)
    log_probs = np.full((len(emissions) + 1, len(states)), -np.inf)
    log_probs[0, 0] = 0.0
    for t, frame in enumerate(emissions, start=1):
        last = log_probs[t - 1]
        enter = np.logaddexp(last, _shifted(last, 1))
        enter = np.where(skip, np.logaddexp(enter, _shifted(last, 2)), enter)
        log_probs[t] = enter + frame[states]
    return log_probs


def _backward(emissions: Array, classes: Indices) -> Array:
    """Compute the log-probability of the frames from t on, given the state before them, (F + 1, 2U + 1).

    A path may end in the last phone or in the last blank. Unlike in the forward pass, the frame of the state
    itself is not included.
    """
    states = _states(classes)
    skip = np.append(_skips(states)[2:], [False, False])
    log_probs = np.full((len(emissions) + 1, len(states)), -np.inf)
    log_probs[-1, -2:] = 0.0
    for t in range(len(emissions) - 1, -1, -1):
        after = log_probs[t + 1] + emissions[t, states]
        leave = np.logaddexp(after, _shifted(after, -1))
        log_probs[t] = np.where(skip, np.logaddexp(leave, _shifted(after, -2)), leave)
    return log_probs


def _replaced(emissions: Array, classes: Indices, before: Array, after: Array) -> Array:
    """Compute the log-probability of the sequence with phone u replaced by class k + 1, (U, C - 1)."""
    any_phone: Indices = np.arange(1, int(emissions.shape[1]))
    unlike_last: Marks = np.append(0, classes[:-1])[:, None] != any_phone
    unlike_next: Marks = np.append(classes[1:], 0)[:, None] != any_phone
    blank_before, phone_before = before[:, 0:-1:2], _padded(before[:, 1::2], first=True)
    into_blank, into_next = _entries(emissions, classes, after)
    inside = np.full((len(classes), len(any_phone)), -np.inf)
    total = np.full((len(classes), len(any_phone)), -np.inf)
    for t, frame in enumerate(emissions):
        enter = np.logaddexp(inside, blank_before[t][:, None])
        direct = np.where(unlike_last, phone_before[t][:, None], -np.inf)
        inside = np.logaddexp(enter, direct) + frame[1:]
        if t + 1 < len(emissions):
            leave = np.where(unlike_next, into_next[t + 1][:, None], -np.inf)
            total = np.logaddexp(total, inside + np.logaddexp(into_blank[t + 1][:, None], leave))
    total[-1] = np.logaddexp(total[-1], inside[-1])
    return total


def _deleted(emissions: Array, classes: Indices, before: Array, after: Array) -> Array:
    """Compute the log-probability of the sequence without phone u, (U,)."""
    unlike = np.append(0, classes[:-1]) != np.append(classes[1:], 0)
    blank_before, phone_before = before[:, 0:-1:2], _padded(before[:, 1::2], first=True)
    _, into_next = _entries(emissions, classes, after)
    left = np.logaddexp(blank_before, np.where(unlike, phone_before, -np.inf))
    total = _sum(left[:-1] + into_next, axis=0)
    total[-1] = np.logaddexp(blank_before[-1, -1], phone_before[-1, -1])
    return total


def _entries(emissions: Array, classes: Indices, after: Array) -> tuple[Array, Array]:
    """Compute the log-probability from frame t on, if t is in the blank or the phone after u, (F, U) each."""
    into_blank = emissions[:, BLANK, None] + after[1:, 2::2]
    into_phone = emissions[:, classes] + after[1:, 1::2]
    return into_blank, _padded(into_phone, first=False)


def _states(classes: Indices) -> Indices:
    states = np.full(2 * len(classes) + 1, BLANK)
    states[1::2] = classes
    return states


def _skips(states: Indices) -> Marks:
    """Mark the states that a path may enter from the phone before: phones that differ from it."""
    skip = np.zeros(len(states), dtype=bool)
    skip[3::2] = states[3::2] != states[1:-2:2]
    return skip


def _shifted(values: Array, by: int) -> Array:
    moved = np.full_like(values, -np.inf)
    if by > 0:
        moved[by:] = values[:-by]
    else:
        moved[:by] = values[-by:]
    return moved


def _padded(columns: Array, *, first: bool) -> Array:
    """Shift columns to those of the phone before (with `first`) or after; -inf where there is none."""
    nothing = np.full((len(columns), 1), -np.inf)
    return np.hstack((nothing, columns[:, :-1]) if first else (columns[:, 1:], nothing))


def _sum(values: Array, axis: int) -> Array:
    """Return the logarithm of the sum of exponentials."""
    return np.logaddexp.reduce(values, axis=axis)
