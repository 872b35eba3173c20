"""All clips on the training device, and batches of phrases that are cut out of them there.

A row of a batch is one stretch of sound: some silence, one to three clips of one speaker, cut to their
speech, with pauses between, perhaps a pause put between two words. A phrase is one clip in it, with its own
labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from enunciate.pocket.training.labels import NOT_KNOWN, ClipLabels
from enunciate.pocket.training.row_plan import PhrasePlan, RowPlan, Times
from enunciate.pocket.training.score_change import changed_scores
from enunciate.pocket.training.scorer_inputs import PhraseBatch
from enunciate.pocket.training.torch_features import track
from enunciate.pocket.training.wildcard_ctc import WILDCARD
from enunciate.schema import MISPRONOUNCED_BELOW

HOP = 160
"""Samples of a frame of 10 ms."""
FRAMES_PER_S = 100
UNKNOWN = -1
"""The class of a frame of which nobody knows what it holds."""
_SURE_SCORE = 1.0
"""Frames of a phone that scores less may hold another sound."""
_LOUD_DB = -22.0
"""A frame between phones that is louder is speech, not silence."""
_QUIETEST_DB = -60.0
_CLASS, _TONE, _VOICED, _LEVEL = range(4)
"""Rows of the tracks."""
_PHONES_STEP = 8
"""Phones of a batch are padded to a multiple of it, so that shapes repeat."""


@dataclass(frozen=True)
class Batch:
    """B rows of n samples and F frames of 20 ms, with P phrases of U phones and W words at most."""

    waves: Tensor
    """`(B, n)` samples from -1 to 1 at 16 kHz."""
    frames10: Tensor
    """`(B,)` frames of 10 ms before the tempo changes."""
    tempo: Tensor
    """`(B,)` the speed that each row is to get; 2 is twice as fast."""
    frames: Tensor
    """`(B,)` frames of 10 ms after the tempo has changed."""
    host_frames: Tensor
    """`frames` on the host."""
    frame_class: Tensor
    """`(B, F)` class, 0 for silence, -1 where unknown; like all that follows, after the tempo has changed."""
    tone: Tensor
    """`(B, F)` semitones about the median of the clip, 0 where unvoiced."""
    voiced: Tensor
    """`(B, F)` 0 or 1."""
    level: Tensor
    """`(B, F)` decibels relative to the loudest frame of the clip."""
    labels: Tensor
    """`(B, L)` the classes that CTC is to find, with wildcards."""
    label_counts: Tensor
    """`(B,)` real labels, on the host."""
    row: Tensor
    """`(P,)` the row of each phrase."""
    phrase: PhraseBatch
    """Phones of the phrases; times in frames of their row."""
    n_words: int
    """W."""
    phone_low: Tensor
    """`(P, U)` 0 to 2; -1 where unknown."""
    phone_high: Tensor
    word_low: Tensor
    """`(P, W)` 0 to 10; -1 where unknown."""
    word_high: Tensor
    low: Tensor
    """`(P, 4)` 0 to 10; -1 where unknown."""
    high: Tensor
    real_speech: Tensor
    """`(P,)` 1 for recordings, 0 for synthetic speech."""
    clips: list[int]
    """`P` the clip of each phrase, as a number in the bank."""


class SaidTimes(NamedTuple):
    """What was said in a clip, and when: N classes with their start and end in frames of 10 ms."""

    classes: npt.NDArray[np.int64]
    start: Times
    end: Times


class WaveformBank:
    """Clips on a device.

    Args:
        labels: The labels of each clip.
        waves: The samples of each clip, `(n,)` int16 at 16 kHz.
        device: Where they are kept and cut.
    """

    def __init__(
        self, labels: Sequence[ClipLabels], waves: Sequence[npt.NDArray[np.int16]], device: torch.device
    ) -> None:
        self.labels, self.device = list(labels), device
        self.lengths = [len(wave) // HOP for wave in waves]
        """Frames of 10 ms of each clip."""
        self._offsets: list[int] = np.cumsum([0, *self.lengths]).tolist()
        flat = np.concatenate([wave[: n * HOP] for wave, n in zip(waves, self.lengths, strict=True)])
        self._wave = torch.from_numpy(flat.astype(np.int16)).to(device)
        shape = (4, self._offsets[-1])
        self._tracks = torch.full(shape, float(UNKNOWN), dtype=torch.float16, device=device)
        prosody = [track(self._samples(index)) for index in range(len(waves))]
        for row, values in zip((_TONE, _VOICED, _LEVEL), zip(*prosody, strict=True), strict=True):
            self._tracks[row] = torch.cat(values)
        self.start: list[Times] = [np.array(clip.start) * FRAMES_PER_S for clip in self.labels]
        """When the phones of each clip start, in frames of 10 ms; empty where that is not known yet."""
        self.end: list[Times] = [np.array(clip.end) * FRAMES_PER_S for clip in self.labels]
        self._ctc = [ctc_labels(clip) for clip in self.labels]
        for index in range(len(waves)):
            self._set_known_frames(index)

    def has_times(self, index: int) -> bool:
        """Whether it is known, or guessed, when the phones of a clip are said."""
        return len(self.start[index]) > 0

    def set_times(self, index: int, start: Times, end: Times) -> None:
        """Say when the phones of a clip are, `(U,)` in frames of 10 ms, as an alignment found them."""
        self.start[index], self.end[index] = start, end
        if self.labels[index].source == "corpus":
            self._set_known_frames(index)

    def guess_times(self, index: int) -> None:
        """Spread the phones of a clip evenly over its loud part; the classes of its frames stay unknown."""
        first, last = self._offsets[index], self._offsets[index + 1]
        loud = (self._tracks[_LEVEL, first:last] > _LOUD_DB).nonzero()[:, 0].cpu().numpy()
        begin, end = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, self.lengths[index])
        borders = np.linspace(begin, end, len(self.labels[index].classes) + 1)
        self.start[index], self.end[index] = borders[:-1], borders[1:]

    def set_frames(self, index: int, said: SaidTimes) -> None:
        """Set the class of each frame of a clip from what was said in it; silence is what is left.

        Loud frames outside what was said get no class, except where the synthesiser told all times.
        """
        length, first = self.lengths[index], self._offsets[index]
        values = np.zeros(length, dtype=np.float16)
        for label, start, end in zip(*said, strict=True):
            values[round(start) : round(end)] = label
        target = torch.from_numpy(values).to(self.device)
        if not self.labels[index].segments:
            loud = self._tracks[_LEVEL, first : first + length] > _LOUD_DB
            target = torch.where((target == 0) & loud, torch.full_like(target, UNKNOWN), target)
        self._tracks[_CLASS, first : first + length] = target

    def cut(self, rows: Sequence[RowPlan]) -> Batch:
        """Cut rows out, and put their labels together."""
        tempo = np.array([row.tempo for row in rows])
        before = np.array([row.frames for row in rows])
        after = np.maximum((before / tempo).astype(np.int64), 4)
        waves, tracks = self._cut_sound(rows, int(before.max()))
        speed = self._tensor(tempo.astype(np.float32))
        steps = torch.arange((int(after.max()) + 1) // 2, device=self.device)[None]
        index = ((steps * 2 + 1) * speed[:, None]).long().clamp(max=tracks.shape[2] - 1)
        resampled = tracks.gather(2, index[None].expand(4, -1, -1)).float()
        outside = steps >= self._tensor((after + 1) // 2)[:, None]
        labels, label_counts = self._pad_ctc(rows)
        phrases = [(number, phrase) for number, row in enumerate(rows) for phrase in row.phrases]
        return Batch(
            waves=waves / 32768,
            frames10=self._tensor(before),
            tempo=speed,
            frames=self._tensor(after),
            host_frames=torch.from_numpy(after),
            frame_class=resampled[_CLASS].round().long().masked_fill(outside, UNKNOWN),
            tone=resampled[_TONE],
            voiced=resampled[_VOICED],
            level=resampled[_LEVEL],
            labels=labels,
            label_counts=label_counts,
            row=torch.tensor([number for number, _ in phrases], device=self.device),
            **self._phrase_labels(phrases, tempo),
        )

    def _samples(self, index: int) -> Tensor:
        first, last = self._offsets[index] * HOP, self._offsets[index + 1] * HOP
        return self._wave[first:last].float() / 32768

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def _set_known_frames(self, index: int) -> None:
        """Set frame classes by what the synthesiser told or, of a recording, by the times of its phones."""
        clip = self.labels[index]
        if clip.segments:
            classes, start, end = zip(*clip.segments, strict=True)
            times = np.array((start, end)) * FRAMES_PER_S
            self.set_frames(index, SaidTimes(np.array(classes), times[0], times[1]))
        elif clip.source == "corpus" and self.has_times(index):
            sure = np.array(clip.phone_low) >= _SURE_SCORE
            known = np.where(sure, np.array(clip.classes), UNKNOWN)
            self.set_frames(index, SaidTimes(known, self.start[index], self.end[index]))

    def _cut_sound(self, rows: Sequence[RowPlan], longest: int) -> tuple[Tensor, Tensor]:
        waves = torch.zeros((len(rows), longest * HOP), device=self.device)
        tracks = torch.zeros((4, len(rows), longest), dtype=torch.float16, device=self.device)
        tracks[_LEVEL] = _QUIETEST_DB
        for b, row in enumerate(rows):
            for clip, first, length, place in row.pieces:
                at = self._offsets[clip] + first
                waves[b, place * HOP : (place + length) * HOP] = self._wave[at * HOP : (at + length) * HOP]
                tracks[:, b, place : place + length] = self._tracks[:, at : at + length]
        return waves, tracks

    def _pad_ctc(self, rows: Sequence[RowPlan]) -> tuple[Tensor, Tensor]:
        each = [[label for phrase in row.phrases for label in self._ctc[phrase.clip]] for row in rows]
        padded = np.zeros((len(rows), max(1, *map(len, each))), dtype=np.int64)
        for line, labels in zip(padded, each, strict=True):
            line[: len(labels)] = labels
        return self._tensor(padded), torch.tensor([len(labels) for labels in each])

    def _phrase_labels(
        self, phrases: Sequence[tuple[int, PhrasePlan]], tempo: npt.NDArray[np.float64]
    ) -> dict[str, Any]:
        """Return the fields of `Batch` that are about phrases."""
        clips = [self.labels[plan.clip] for _, plan in phrases]
        n_words = max(clip.n_words for clip in clips)
        longest = max(len(clip.classes) for clip in clips)
        shape = (7, len(clips), -(-longest // _PHONES_STEP) * _PHONES_STEP)
        phones = np.zeros(shape, dtype=np.float32)
        phones[5:] = NOT_KNOWN
        words = np.full((2, len(clips), n_words), NOT_KNOWN, dtype=np.float32)
        whole = np.full((2, len(clips), 4), NOT_KNOWN, dtype=np.float32)
        for p, ((b, plan), clip) in enumerate(zip(phrases, clips, strict=True)):
            n, times = len(clip.classes), (plan.start / 2 / tempo[b], plan.end / 2 / tempo[b])
            phones[2, p, n:] = clip.n_words - 1
            columns = (clip.classes, clip.stress, clip.word, *times, clip.phone_low, clip.phone_high)
            for k, values in enumerate(columns):
                phones[k, p, :n] = values
            words[:, p, : clip.n_words] = clip.word_low, clip.word_high
            whole[:, p] = changed_scores(clip, plan.change, float(tempo[b]), plan.start, plan.end)
        classes, stress, word, start, end, phone_low, phone_high = self._tensor(phones)
        word_low, word_high = self._tensor(words)
        low, high = self._tensor(whole)
        return {
            "phrase": PhraseBatch(classes.long(), stress, word.long(), start, end),
            "n_words": n_words,
            "phone_low": phone_low,
            "phone_high": phone_high,
            "word_low": word_low,
            "word_high": word_high,
            "low": low,
            "high": high,
            "real_speech": torch.tensor([float(c.source == "corpus") for c in clips], device=self.device),
            "clips": [plan.clip for _, plan in phrases],
        }


def ctc_labels(clip: ClipLabels) -> list[int]:
    """Return what was said: a wildcard where people heard a wrong phone and nobody wrote down which."""
    if clip.said is not None:
        return [sound for sounds in clip.said for sound in sounds]
    return [
        WILDCARD if 0 <= score < MISPRONOUNCED_BELOW else label
        for label, score in zip(clip.classes, clip.phone_low, strict=True)
    ]
