"""The job of one ensemble, which runs in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from enunciate.conformer.training.export import export_scorer
from enunciate.conformer.training.options import ScorerConfig
from enunciate.conformer.training.recogniser import load_recogniser
from enunciate.conformer.training.scorer import Scorer
from enunciate.conformer.training.scorer_data import ScoredClip
from enunciate.conformer.training.scorer_fit import ScorerPrediction, collate, fit, predict
from enunciate.schema import Utterance


@dataclass(frozen=True)
class ScorerJob:
    """The inputs of one ensemble: fit on some speakers, predict others, and write the ensemble to a file."""

    clips: list[ScoredClip]
    utterances: list[Utterance]
    """The utterances of the clips, with their speakers."""
    synthetic: list[ScoredClip]
    held: list[ScoredClip]
    recogniser: Path
    config: ScorerConfig
    seed: int
    out: Path


@dataclass(frozen=True)
class ScorerFit:
    """The predictions of an ensemble for clips that it did not learn from."""

    left_out: list[ScorerPrediction]
    """For the job's clips, each by the member that left its speaker out."""
    held_out: list[ScorerPrediction]
    """For the held-out clips, by the whole ensemble."""


def run_job(job: ScorerJob) -> ScorerFit:
    """Fit, predict and export."""
    torch.set_num_threads(1)
    recogniser = load_recogniser(job.recogniser)
    ensemble, left_out = fit(
        job.clips, job.utterances, job.synthetic, job.config, recogniser.quality, job.seed
    )
    members = [member for member in ensemble.members if isinstance(member, Scorer)]
    held_out = predict(members, collate(job.held, ensemble)) if job.held else []
    export_scorer(ensemble, recogniser.encoder.config.quality_width, job.out)
    return ScorerFit(left_out, held_out)
