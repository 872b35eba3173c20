"""Goodness of pronunciation without an alignment, from CTC log-probabilities.

How probable the canonical phones are against the same with one phone replaced by any phone, or left out
(after Cao, Fan, Svendsen and Salvi 2024, "A framework for phoneme-level pronunciation assessment using CTC"):

    GOP_u = log P(l) - log( sum over k of P(l with l_u = k) + P(l without l_u) )

which is at most 0, as the sum holds P(l) itself, and is the log-posterior of the canonical phone where all
others are given. No time has to be fixed first: each P adds up every path.

States of the CTC graph of U phones are 0 (blank), 1 (first phone), 2 (blank), ... 2U (blank). Prefixes end
and suffixes begin at the states around u, so one forward and one backward pass serve all u, and what stands
in the place of u is one more recursion over (u, k) at once.
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
        (U,) at most 0; -inf where the frames cannot hold the phones.
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
    """(F + 1, 2U + 1): log-probability of the first t frames along paths that are in a state after them.

    At t = 0 the first blank stands for "not begun".
    """
    states = _states(classes)
    skip = _skips(states)
    found = np.full((len(emissions) + 1, len(states)), -np.inf)
    found[0, 0] = 0.0
    for t, frame in enumerate(emissions, start=1):
        last = found[t - 1]
        enter = np.logaddexp(last, _shifted(last, 1))
        enter = np.where(skip, np.logaddexp(enter, _shifted(last, 2)), enter)
        found[t] = enter + frame[states]
    return found


def _backward(emissions: Array, classes: Indices) -> Array:
    """(F + 1, 2U + 1): log-probability of the frames from t on, given a state before them.

    A path may end in the last phone or in the last blank. It is the forward pass of everything reversed, but
    for the frame that it counts: there a state's own frame is in, here it is not.
    """
    states = _states(classes)
    skip = np.append(_skips(states)[2:], [False, False])
    found = np.full((len(emissions) + 1, len(states)), -np.inf)
    found[-1, -2:] = 0.0
    for t in range(len(emissions) - 1, -1, -1):
        after = found[t + 1] + emissions[t, states]
        leave = np.logaddexp(after, _shifted(after, -1))
        found[t] = np.where(skip, np.logaddexp(leave, _shifted(after, -2)), leave)
    return found


def _replaced(emissions: Array, classes: Indices, before: Array, after: Array) -> Array:
    """(U, C - 1): log-probability of the sequence with phone u replaced by class k + 1."""
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
    """(U,): log-probability of the sequence without phone u."""
    unlike = np.append(0, classes[:-1]) != np.append(classes[1:], 0)
    blank_before, phone_before = before[:, 0:-1:2], _padded(before[:, 1::2], first=True)
    _, into_next = _entries(emissions, classes, after)
    left = np.logaddexp(blank_before, np.where(unlike, phone_before, -np.inf))
    total = _sum(left[:-1] + into_next, axis=0)
    total[-1] = np.logaddexp(blank_before[-1, -1], phone_before[-1, -1])
    return total


def _entries(emissions: Array, classes: Indices, after: Array) -> tuple[Array, Array]:
    """(F, U) twice: the rest from frame t on, t being in the blank after phone u, or in the phone after."""
    into_blank = emissions[:, BLANK, None] + after[1:, 2::2]
    into_phone = emissions[:, classes] + after[1:, 1::2]
    return into_blank, _padded(into_phone, first=False)


def _states(classes: Indices) -> Indices:
    states = np.full(2 * len(classes) + 1, BLANK)
    states[1::2] = classes
    return states


def _skips(states: Indices) -> Marks:
    """Where a path may come straight from the phone before: at phones that differ from it."""
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
    """Columns of the phone before each (with `first`) or after it; there is none at the end."""
    nothing = np.full((len(columns), 1), -np.inf)
    return np.hstack((nothing, columns[:, :-1]) if first else (columns[:, 1:], nothing))


def _sum(values: Array, axis: int) -> Array:
    """Log of the sum of exponentials."""
    return np.logaddexp.reduce(values, axis=axis)
