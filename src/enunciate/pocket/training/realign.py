"""Renewal of the times of phones in training, by the model as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from enunciate.pocket.training.batch_alignment import align_batch
from enunciate.pocket.training.batch_plan import whole_rows
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.predictions import BUDGET, align_clips
from enunciate.pocket.training.waveform_bank import SaidTimes, WaveformBank

_STEPS = 2.0
"""Frames of the bank (10 ms) per frame of the model (20 ms)."""


def realign(model: PocketModel, bank: WaveformBank, clips: Sequence[int]) -> float:
    """Align clips again and update the bank; the model is left in evaluation mode.

    Clips of neural voices, whose canonical phones are not what was said, are also aligned with what was said,
    which their frame classes follow.

    Returns:
        The mean log-score per frame of the alignments.
    """
    aligned = align_clips(model, bank, clips)
    for clip, one in zip(clips, aligned, strict=True):
        bank.set_times(clip, one.start.astype(np.float64) * _STEPS, one.end.astype(np.float64) * _STEPS)
    _align_said(model, bank, [clip for clip in clips if bank.labels[clip].source == "neural"])
    return float(np.mean([one.fit for one in aligned])) if aligned else 0.0


@torch.no_grad()
def _align_said(model: PocketModel, bank: WaveformBank, clips: Sequence[int]) -> None:
    model.eval()
    for rows in whole_rows(bank, clips, BUDGET) if clips else []:
        batch = bank.cut(rows)
        said = [_said_with_words(bank, clip) for clip in batch.clips]
        counts = np.array([len(pairs) for pairs in said])
        table = np.zeros((2, len(said), int(counts.max())), dtype=np.int64)
        for p, pairs in enumerate(said):
            table[:, p, : len(pairs)] = np.array(pairs).T
        classes, words = torch.from_numpy(table).to(bank.device)
        frames = (batch.frames + 1) // 2
        encoded = model.hear(batch, None)
        aligned = align_batch(encoded.frame, frames, classes, torch.from_numpy(counts).to(bank.device), words)
        start, end = (t.double().cpu().numpy() * _STEPS for t in (aligned.start, aligned.end))
        for p, clip in enumerate(batch.clips):
            n = int(counts[p])
            bank.set_frames(clip, SaidTimes(table[0, p, :n], start[p, :n], end[p, :n]))


def _said_with_words(bank: WaveformBank, clip: int) -> list[tuple[int, int]]:
    """Return each class that was said with the index of the word in which it was said."""
    labels = bank.labels[clip]
    said = labels.said or [[label] for label in labels.classes]
    return [(sound, word) for sounds, word in zip(said, labels.word, strict=True) for sound in sounds]
