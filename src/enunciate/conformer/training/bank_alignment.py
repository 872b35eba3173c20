"""Run a recogniser over a bank without augmentation, and align the bank's recordings with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import numpy.typing as npt
import torch

from enunciate.conformer.fbank import SUBSAMPLING
from enunciate.conformer.forced_alignment import LogProbs, align
from enunciate.conformer.training.augment import normalise_batch
from enunciate.conformer.training.encoder import Encoded, encoded_length
from enunciate.conformer.training.feature_bank import PAUSE, Bank, BatchDraw
from enunciate.conformer.training.recogniser import Recogniser


@torch.no_grad()
def encode_clips(model: Recogniser, bank: Bank, clips: Sequence[int]) -> list[tuple[int, Encoded]]:
    """Encode clips without augmentation, sorted by length, in batches of 64."""
    order = sorted(clips, key=lambda clip: int(bank.lengths[clip]))
    encoded: list[tuple[int, Encoded]] = []
    for first in range(0, len(order), 64):
        chunk = np.array(order[first : first + 64])
        batch = bank.cut(BatchDraw(chunk, np.ones(len(chunk)), int(bank.lengths[chunk].max())))
        out: Encoded = model.encoder(normalise_batch(batch.features, batch.lengths), batch.lengths)
        out = Encoded(*(tensor.float().cpu() for tensor in out))
        lengths = encoded_length(batch.host_lengths).numpy().tolist()
        for row, (clip, length) in enumerate(zip(chunk.tolist(), lengths, strict=True)):
            encoded.append((clip, Encoded(*(tensor[row : row + 1, :length] for tensor in out))))
    return encoded


def align_recordings(
    model: Recogniser, bank: Bank, workers: ProcessPoolExecutor, log: Callable[..., None]
) -> None:
    """Align every recording with the frame head, and store the alignments in the bank."""
    began = time.monotonic()
    encoded = encode_clips(model, bank, np.flatnonzero(~bank.synthetic).tolist())
    # without synthetic clips the frame head is still untrained: CTC takes its place
    taught = bool((bank.frame_phone >= 0).any())
    posteriors = [(out.frame if taught else out.ctc)[0].numpy() for _, out in encoded]
    phones = [bank.phones(clip) for clip, _ in encoded]
    scores: list[float] = []
    for (clip, _), (frame_phone, score) in zip(
        encoded, workers.map(align_recording, posteriors, phones, chunksize=16), strict=True
    ):
        bank.set_alignment(clip, frame_phone.repeat(SUBSAMPLING)[: int(bank.lengths[clip])])
        scores.append(score)
    log(
        event="aligned", clips=len(scores), mean_score=float(np.mean(scores)), took_s=time.monotonic() - began
    )


def align_recording(log_probs: LogProbs, phones: list[int]) -> tuple[npt.NDArray[np.int16], float]:
    """Return the index of the phone, or PAUSE, of each frame of (F, 40) log-probabilities, and the fit."""
    alignment = align(log_probs, [[[label]] for label in phones])
    frame_phone = np.full(len(log_probs), PAUSE, dtype=np.int16)
    for index, (start, end) in enumerate(zip(alignment.start, alignment.end, strict=True)):
        frame_phone[start:end] = index
    return frame_phone, alignment.score
