"""Evaluation of a recogniser on held-out clips."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from enunciate.conformer.training.bank_alignment import align_recording, encode_clips
from enunciate.conformer.training.feature_bank import Bank
from enunciate.conformer.training.quality_head import pool
from enunciate.conformer.training.recogniser import Recogniser
from enunciate.metrics.correlation import pearson
from enunciate.phones.alignment import edit_distance
from enunciate.pocket.ctc import greedy


@dataclass(frozen=True)
class RecogniserReport:
    """Evaluation of a recogniser on held-out clips."""

    per: float
    """The errors per canonical phone of greedy CTC decoding, without reference."""
    phone_pcc: float
    """The PCC of the quality head with human phone scores, aligned with the text; NaN without scores."""


@torch.no_grad()
def report_on(
    model: Recogniser, bank: Bank, clips: Sequence[int], workers: ProcessPoolExecutor
) -> RecogniserReport:
    """Recognise and align clips of a bank."""
    encoded = encode_clips(model, bank, clips)
    phones = [bank.phones(clip) for clip, _ in encoded]
    errors = sum(
        edit_distance(reference, greedy(out.ctc[0].numpy()))
        for reference, (_, out) in zip(phones, encoded, strict=True)
    )
    posteriors = [out.frame[0].numpy() for _, out in encoded]
    quality = [out.quality for _, out in encoded]
    aligned = workers.map(align_recording, posteriors, phones, chunksize=16)
    head = copy.deepcopy(model.quality).cpu()
    predicted: list[float] = []
    human: list[float] = []
    for (clip, _), classes, stream, (frame_phone, _) in zip(encoded, phones, quality, aligned, strict=True):
        pooled = pool(stream, torch.from_numpy(frame_phone.astype(np.int64))[None], len(classes))
        predicted += head(pooled, torch.tensor([classes]))[0, :, 0].tolist()
        human += bank.phone_scores(clip)
    known = np.array(human) >= 0
    pcc = pearson(np.array(predicted)[known], np.array(human)[known])
    return RecogniserReport(errors / sum(map(len, phones)), np.nan if pcc is None else pcc)
