"""The losses of the joint model, and its metrics on clips that it does not learn from."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from enunciate.baselines.ssl.ctc_decoding import decode_ctc
from enunciate.baselines.ssl.model import BLANK, N_SCORES, SYMBOLS, JointModel, JointOutputs
from enunciate.baselines.ssl.training_data import UNKNOWN, SslExample
from enunciate.metrics.correlation import pcc_by_aspect
from enunciate.phones.alignment import EditCounts, count_edits
from enunciate.schema import ASPECTS
from enunciate.training.run_folder import Metrics
from enunciate.training.samplers import LengthBatchSampler
from enunciate.training.selection_metrics import mean_or_none


class JointLosses(NamedTuple):
    """The losses of one batch."""

    phones: Tensor
    """The CTC loss per phone."""
    scores: Tensor
    """The cross-entropy per score."""


def losses_of(out: JointOutputs, examples: Sequence[SslExample]) -> JointLosses:
    """Compute both losses; a loss without any label in the batch is 0."""
    device = out.log_probs.device
    labelled = [row for row, example in enumerate(examples) if example.phones]
    phones = out.log_probs.new_zeros(())
    if labelled:
        targets = [torch.tensor(examples[row].phones, device=device) for row in labelled]
        lengths = torch.tensor([len(one) for one in targets], device=device)
        total = functional.ctc_loss(
            out.log_probs[labelled].transpose(0, 1),
            torch.cat(targets),
            out.frames[labelled],
            lengths,
            blank=BLANK,
            reduction="sum",
            zero_infinity=True,  # 0 for a clip with more phones than frames
        )
        phones = total / lengths.sum()
    given = torch.tensor([example.scores for example in examples], device=device)
    scores = out.scores.new_zeros(())
    if (given != UNKNOWN).any():
        scores = functional.cross_entropy(out.scores.flatten(0, 1), given.flatten(), ignore_index=UNKNOWN)
    return JointLosses(phones, scores)


@torch.no_grad()
def measure(model: JointModel, examples: Sequence[SslExample], batch_size: int) -> Metrics:
    """Compute losses, phone error rate, and the PCC of each score and their mean; None without labels."""
    model.eval()
    device = next(model.parameters()).device
    edits = EditCounts()
    batch_losses: list[tuple[float, float]] = []
    human: list[tuple[int, ...]] = []
    predicted: list[list[float]] = []
    for batch in LengthBatchSampler([len(e.clip) for e in examples], batch_size, 0, shuffle=False):
        chosen = [examples[index] for index in batch]
        out = model([example.clip.to(device) for example in chosen])
        losses = losses_of(out, chosen)
        batch_losses.append((float(losses.phones), float(losses.scores)))
        whole = torch.arange(N_SCORES, device=device, dtype=torch.float32)
        expected = (out.scores.softmax(dim=2) @ whole).cpu()
        for row, example in enumerate(chosen):
            if example.phones is not None:
                heard = decode_ctc(out.log_probs[row, : int(out.frames[row])].cpu())
                edits += count_edits([SYMBOLS[k] for k in example.phones], [one.symbol for one in heard])
            if UNKNOWN not in example.scores:
                human.append(example.scores)
                predicted.append(expected[row].tolist())
    phones, scores = np.mean(batch_losses, axis=0).tolist() if batch_losses else (None, None)
    metrics: Metrics = {"ctc_loss": phones, "score_loss": scores, "per": edits.error_rate}
    return metrics | _correlations(human, predicted)


def _correlations(human: Sequence[Sequence[int]], predicted: Sequence[Sequence[float]]) -> Metrics:
    shape = (-1, len(ASPECTS))
    labels, scores = np.array(human, float).reshape(shape), np.array(predicted, float).reshape(shape)
    each = {f"{aspect}_pcc": pcc for aspect, pcc in pcc_by_aspect(labels, scores).items()}
    return each | {"pcc": mean_or_none(list(each.values()))}


def selection_score(metrics: Metrics) -> float:
    """Return the score that selects the best weights: mean PCC of the scores minus the phone error rate."""
    return (metrics["pcc"] or 0.0) - (1.0 if metrics["per"] is None else metrics["per"])
