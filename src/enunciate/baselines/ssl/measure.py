"""Losses of the joint model, and its figures on clips that it does not learn from."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from enunciate.baselines.ssl.ctc_decoding import heard_in
from enunciate.baselines.ssl.data import UNKNOWN, Example
from enunciate.baselines.ssl.model import BLANK, N_SCORES, SYMBOLS, JointModel, Outputs
from enunciate.metrics.correlation import pcc_by_aspect
from enunciate.phones.alignment import EditCounts, count_edits
from enunciate.schema import ASPECTS
from enunciate.training.run_folder import Metrics
from enunciate.training.samplers import LengthBatchSampler
from enunciate.training.selection_metrics import mean_or_none


class Losses(NamedTuple):
    """Of one batch."""

    phones: Tensor
    """CTC's, for each phone."""
    scores: Tensor
    """Cross-entropy, for each score."""


def losses_of(out: Outputs, examples: Sequence[Example]) -> Losses:
    """Both losses; one without a label in the batch is 0."""
    device = out.log_probs.device
    judged = [row for row, example in enumerate(examples) if example.phones]
    phones = out.log_probs.new_zeros(())
    if judged:
        targets = [torch.tensor(examples[row].phones, device=device) for row in judged]
        lengths = torch.tensor([len(one) for one in targets], device=device)
        total = functional.ctc_loss(
            out.log_probs[judged].transpose(0, 1),
            torch.cat(targets),
            out.frames[judged],
            lengths,
            blank=BLANK,
            reduction="sum",
            zero_infinity=True,  # more phones than frames: nothing to learn from
        )
        phones = total / lengths.sum()
    given = torch.tensor([example.scores for example in examples], device=device)
    scores = out.scores.new_zeros(())
    if (given != UNKNOWN).any():
        scores = functional.cross_entropy(out.scores.flatten(0, 1), given.flatten(), ignore_index=UNKNOWN)
    return Losses(phones, scores)


@torch.no_grad()
def measure(model: JointModel, examples: Sequence[Example], batch_size: int) -> Metrics:
    """Losses, phone error rate, correlation of each score and their mean; None without labels."""
    model.eval()
    device = next(model.parameters()).device
    edits = EditCounts()
    lost: list[tuple[float, float]] = []
    human: list[tuple[int, ...]] = []
    found: list[list[float]] = []
    for batch in LengthBatchSampler([len(e.clip) for e in examples], batch_size, 0, shuffle=False):
        chosen = [examples[index] for index in batch]
        out = model([example.clip.to(device) for example in chosen])
        losses = losses_of(out, chosen)
        lost.append((float(losses.phones), float(losses.scores)))
        whole = torch.arange(N_SCORES, device=device, dtype=torch.float32)
        expected = (out.scores.softmax(dim=2) @ whole).cpu()
        for row, example in enumerate(chosen):
            if example.phones is not None:
                heard = heard_in(out.log_probs[row, : int(out.frames[row])].cpu())
                edits += count_edits([SYMBOLS[k] for k in example.phones], [one.symbol for one in heard])
            if UNKNOWN not in example.scores:
                human.append(example.scores)
                found.append(expected[row].tolist())
    phones, scores = np.mean(lost, axis=0).tolist() if lost else (None, None)
    metrics: Metrics = {"ctc_loss": phones, "score_loss": scores, "per": edits.error_rate}
    return metrics | _agreement(human, found)


def _agreement(human: Sequence[Sequence[int]], found: Sequence[Sequence[float]]) -> Metrics:
    given, said = (np.array(rows, dtype=np.float64).reshape(-1, len(ASPECTS)) for rows in (human, found))
    each = {f"{aspect}_pcc": pcc for aspect, pcc in pcc_by_aspect(given, said).items()}
    return each | {"pcc": mean_or_none(list(each.values()))}


def selection_score(metrics: Metrics) -> float:
    """The score that chooses the best weights: mean PCC of the scores minus the phone error rate."""
    return (metrics["pcc"] or 0.0) - (1.0 if metrics["per"] is None else metrics["per"])
