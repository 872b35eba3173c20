"""All training clips in one place on the training device, and batches cut out of it there.

Clips lie end to end in flat arrays; a batch is one gather with a tempo of its own for each clip, so that the
processor only draws numbers and the device never waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

UNKNOWN = -2
PAUSE = -1
FRAMES_PER_STEP = 2
"""Feature frames (10 ms) per CTC step of the audio encoder."""
LENGTH_STEP = 60
"""Feature frames by which padded lengths grow."""


@dataclass(frozen=True)
class TrainingClip:
    """One clip with what is known of it; T feature frames, U phones."""

    features: npt.NDArray[np.float16]
    """(T, 80) log-mel energies."""
    classes: npt.NDArray[np.int64]
    """(U,) phones that were (to be) said."""
    frame_phone: npt.NDArray[np.int16]
    """(T,) index of the phone said in each frame, PAUSE or UNKNOWN."""
    synthetic: bool


@dataclass(frozen=True)
class FeatureBatch:
    """B clips: (B, T, 80) features, F CTC steps, U phones padded with 0."""

    features: Tensor
    lengths: Tensor
    host_lengths: Tensor
    """(B,) the same on the processor, where CTC wants them."""
    classes: Tensor
    host_counts: Tensor
    step_phone: Tensor
    """(B, F) index of the phone in each CTC step, PAUSE or UNKNOWN (padding too)."""
    synthetic: Tensor


@dataclass(frozen=True)
class BatchDraw:
    """What to cut: clips, how fast to play each, and the padded length."""

    clips: npt.NDArray[np.int64]
    tempo: npt.NDArray[np.float64]
    frames: int


class Bank:
    """Training clips on a device."""

    def __init__(self, clips: Sequence[TrainingClip], device: torch.device) -> None:
        self.device = device
        self.lengths = np.array([len(c.features) for c in clips])
        self.counts = np.array([len(c.classes) for c in clips])
        self.offsets = np.concatenate(([0], np.cumsum(self.lengths)[:-1]))
        self.phone_offsets = np.concatenate(([0], np.cumsum(self.counts)[:-1]))
        self.synthetic = np.array([c.synthetic for c in clips])
        self.features = torch.from_numpy(np.concatenate([c.features for c in clips]).astype(np.float16)).to(
            device
        )
        self.classes = torch.from_numpy(np.concatenate([c.classes for c in clips])).to(device)
        self.frame_phone = torch.from_numpy(np.concatenate([c.frame_phone for c in clips])).to(device)

    def phones(self, clip: int) -> list[int]:
        """The classes of a clip's phones."""
        first = int(self.phone_offsets[clip])
        return self.classes[first : first + int(self.counts[clip])].cpu().numpy().tolist()

    def cut(self, draw: BatchDraw) -> FeatureBatch:
        """Cut a batch out."""
        clips, tempo = draw.clips, draw.tempo
        lengths = np.maximum((self.lengths[clips] / tempo).astype(np.int64), 1)
        counts = self.counts[clips]
        put = self._put
        offset, last = put(self.offsets[clips])[:, None], put(self.lengths[clips] - 1)[:, None]
        speed = put(tempo.astype(np.float32))[:, None]
        position = torch.arange(draw.frames, device=self.device)[None] * speed
        low = torch.minimum(position.long(), last)
        features = torch.lerp(
            self.features[offset + low].float(),
            self.features[offset + torch.minimum(low + 1, last)].float(),
            (position - low).clamp(0, 1).unsqueeze(2),
        )
        n_frames = put(lengths)
        padding = torch.arange(features.shape[1], device=self.device)[None] >= n_frames[:, None]
        features = features.masked_fill(padding.unsqueeze(2), -20.0)
        phone = torch.arange(int(counts.max()), device=self.device)[None]
        real_phone = phone < put(counts)[:, None]
        index = put(self.phone_offsets[clips])[:, None] + torch.minimum(phone, put(counts - 1)[:, None])
        middle = torch.minimum((position[:, ::FRAMES_PER_STEP] + speed).round().long(), last)
        return FeatureBatch(
            features,
            n_frames,
            torch.from_numpy(lengths),
            self.classes[index].masked_fill(~real_phone, 0),
            torch.from_numpy(counts),
            self.frame_phone[offset + middle].long().masked_fill(padding[:, ::FRAMES_PER_STEP], UNKNOWN),
            put(self.synthetic[clips]),
        )

    def _put(self, array: npt.NDArray[np.generic]) -> Tensor:
        tensor = torch.from_numpy(array)
        return (
            tensor.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else tensor
        )


def draw_batches(
    bank: Bank,
    batch_frames: int,
    tempo: float,
    synthetic_share: Callable[[], float],
    rng: np.random.Generator,
) -> Iterator[BatchDraw]:
    """Yield batches for ever: every recording once a round, mixed with a share of synthetic clips.

    Clips of a batch have about the same length. Padded lengths come in steps and fix the number of clips, so
    that few shapes occur: convolution libraries plan anew, slowly, for each shape that they have not seen.
    """
    real, made = np.flatnonzero(~bank.synthetic), np.flatnonzero(bank.synthetic)
    while True:
        share = synthetic_share() if len(made) else 0.0
        n_made = int(len(real) * share / (1 - share))
        drawn = rng.choice(made, n_made, replace=n_made > len(made)) if n_made else made[:0]
        clips = np.concatenate((real, drawn)) if len(real) else made  # without recordings, all that was made
        speeds = rng.uniform(1 - tempo, 1 + tempo, len(clips))
        lengths = np.maximum((bank.lengths[clips] / speeds).astype(np.int64), 1)
        order = np.argsort(-lengths)
        batches = _fill(order, lengths, batch_frames, rng)
        for index in rng.permutation(len(batches)):
            chosen, frames = batches[int(index)]
            yield BatchDraw(clips[chosen], speeds[chosen], frames)


def _fill(
    order: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], batch_frames: int, rng: np.random.Generator
) -> list[tuple[npt.NDArray[np.int64], int]]:
    batches: list[tuple[npt.NDArray[np.int64], int]] = []
    first = 0
    while first < len(order):
        frames = -(-int(lengths[order[first]]) // LENGTH_STEP) * LENGTH_STEP
        size = max(1, batch_frames // frames)
        chosen = order[first : first + size]
        if len(chosen) < size:  # the last, shortest ones: some of them twice, to keep the shape
            chosen = np.concatenate((chosen, rng.choice(order[first:], size - len(chosen))))
        batches.append((chosen, frames))
        first += size
    return batches
