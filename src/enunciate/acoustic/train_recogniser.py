"""Train the phone recogniser: CTC on everything, frame and quality losses on what is aligned.

Synthetic clips come with exact times and teach the frame head first; after some of the steps the recordings are
aligned with it, and from then on they train the frame head and, with their human phone scores, the quality head.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import kaldialign
import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from enunciate.acoustic.align import LogProbs, align
from enunciate.acoustic.augment import augment, normalise_batch
from enunciate.acoustic.bank import PAUSE, UNKNOWN, Bank, Batch, Draw, TrainingClip, draw_batches
from enunciate.acoustic.configs import EncoderConfig
from enunciate.acoustic.ctc import greedy
from enunciate.acoustic.encoder import SUBSAMPLING, Encoded, Encoder, encoded_length
from enunciate.acoustic.prepare import recordings, synthetic_clips
from enunciate.acoustic.quality import QualityHead, pool
from enunciate.acoustic.recipe import RecogniserRecipe
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import speaker_folds
from enunciate.errors import EnunciateError
from enunciate.schema import MISPRONOUNCED_BELOW, Utterance

WEIGHTS = "recogniser.safetensors"
CONFIG = "recogniser.json"


class Recogniser(nn.Module):
    """Encoder and phone-quality head: what one run trains."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.quality = QualityHead(config.quality_width)


@dataclass(frozen=True)
class Losses:
    """Mean losses of one batch."""

    ctc: Tensor
    middle: Tensor
    frame: Tensor
    quality: Tensor


def losses_of(model: Recogniser, batch: Batch, features: Tensor) -> Losses:
    """All losses of a batch whose features are augmented and normalised."""
    out: Encoded = model.encoder(features, batch.lengths)
    counts = batch.host_counts
    frames = encoded_length(batch.host_lengths)

    def ctc(log_probs: Tensor) -> Tensor:
        return functional.ctc_loss(
            log_probs.transpose(0, 1), batch.classes, frames, counts, reduction="sum", zero_infinity=True
        ) / float(counts.sum())

    pooled = pool(out.quality, batch.frame_phone, batch.classes.shape[1])
    return Losses(ctc(out.ctc), ctc(out.middle_ctc), _frame_loss(out, batch), _quality_loss(model, pooled, batch))


def _frame_loss(out: Encoded, batch: Batch) -> Tensor:
    index = batch.frame_phone.clamp_min(0)
    targets = batch.classes.gather(1, index).masked_fill(batch.frame_phone == PAUSE, 0)
    scores = batch.scores.gather(1, index)
    doubtful = (batch.frame_phone >= 0) & (scores >= 0) & (scores < 1.0)  # nobody wrote down what was said there
    targets = targets.masked_fill((batch.frame_phone == UNKNOWN) | doubtful, -100)
    return functional.nll_loss(out.frame.flatten(0, 1), targets.flatten(), reduction="sum") / (
        (targets >= 0).sum().clamp_min(1)
    )


def _quality_loss(model: Recogniser, pooled: Tensor, batch: Batch) -> Tensor:
    out = model.quality(pooled, batch.classes).float()
    aligned = (batch.frame_phone >= 0).any(dim=1, keepdim=True)
    known = ((batch.scores >= 0) & aligned).float()
    wrong = (batch.scores < MISPRONOUNCED_BELOW).float()
    regression = (out[..., 0] - batch.scores.clamp_min(0) / 2).square()
    detection = functional.binary_cross_entropy_with_logits(out[..., 1], wrong, reduction="none")
    return ((4 * regression + detection) * known).sum() / known.sum().clamp_min(1)


class Trainer:
    """One run: model, data and schedule."""

    def __init__(
        self, recipe: RecogniserRecipe, bank: Bank, workers: ProcessPoolExecutor, log: Callable[..., None]
    ) -> None:
        self.recipe, self.bank, self.workers, self.log = recipe, bank, workers, log
        self.device = bank.device
        torch.manual_seed(recipe.seed)
        self.master = Recogniser(recipe.encoder).to(self.device)
        self.ema = copy.deepcopy(self.master).eval().requires_grad_(requires_grad=False)
        # The network computes in bfloat16 where there is a GPU; the optimiser works on single-precision copies.
        self.model = copy.deepcopy(self.master).to(torch.bfloat16 if self.device.type == "cuda" else torch.float32)
        parameters = list(self.master.parameters())
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in parameters if p.ndim > 1], "weight_decay": recipe.weight_decay},
                {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
            ],
            lr=recipe.learning_rate,
            betas=(0.9, 0.98),
            fused=self.device.type == "cuda",
        )
        for parameter in parameters:
            parameter.grad = torch.zeros_like(parameter)
        self.rng = np.random.default_rng(recipe.seed)

    def step(self, draw: Draw, rate: float, ema_decay: float) -> Losses:
        """One optimiser step."""
        recipe = self.recipe
        batch = self.bank.cut(draw)
        features = augment(batch.features, batch.lengths, batch.synthetic, recipe.augment)
        losses = losses_of(self.model, batch, features)
        total = (
            losses.ctc
            + recipe.middle_weight * losses.middle
            + recipe.frame_weight * losses.frame
            + recipe.quality_weight * losses.quality
        )
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.zero_grad()
        total.backward()
        self._update(ema_decay)
        return losses

    @torch.no_grad()
    def _update(self, ema_decay: float) -> None:
        working, master, averaged = (list(m.parameters()) for m in (self.model, self.master, self.ema))
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in working]
        torch._foreach_copy_([p.grad for p in master if p.grad is not None], gradients)  # pyright: ignore[reportPrivateUsage]
        nn.utils.clip_grad_norm_(master, 1.0)
        self.optimizer.step()
        torch._foreach_copy_(working, master)  # pyright: ignore[reportPrivateUsage]
        torch._foreach_lerp_(averaged, master, 1 - ema_decay)  # pyright: ignore[reportPrivateUsage]

    def run(self, evaluate: Callable[[int], float]) -> None:
        """Train to the last step or the time limit, whichever comes first."""
        recipe, began = self.recipe, time.monotonic()
        progress = 0.0
        first, last = recipe.synthetic_share
        batches = draw_batches(
            self.bank, recipe.batch_frames, recipe.augment.tempo, lambda: first + (last - first) * progress, self.rng
        )
        align_steps = {int(share * recipe.steps) for share in recipe.align_at}
        self.model.train()
        for step in range(recipe.steps):
            progress = max(step / recipe.steps, (time.monotonic() - began) / recipe.time_limit_s)
            if progress >= 1:
                self.log(event="time_limit", step=step)
                break
            warm = min(1.0, (step + 1) / max(1, recipe.warmup_steps))
            rate = recipe.learning_rate * warm * 0.5 * (1 + np.cos(np.pi * progress))
            losses = self.step(next(batches), float(rate), min(recipe.ema_decay, (step + 1) / (step + 10)))
            if step in align_steps:
                align_recordings(self.ema, self.bank, self.workers, self.log)
            if step % 100 == 0:
                values = {name: round(float(value.detach()), 4) for name, value in vars(losses).items()}
                self.log(event="step", step=step, rate=rate, elapsed_s=time.monotonic() - began, **values)
            if step and step % max(1, recipe.steps // 4) == 0:
                rate_of_errors = evaluate(step)
                if rate_of_errors > 0.9 and step >= recipe.steps // 4 and recipe.steps >= 1000:
                    raise EnunciateError(f"training does not converge: PER {rate_of_errors:.2f} at step {step}")


@torch.no_grad()
def encode_clips(model: Recogniser, bank: Bank, clips: Sequence[int]) -> list[tuple[int, Encoded]]:
    """Encode clips without augmentation, sorted by length, in batches of 64."""
    order = sorted(clips, key=lambda clip: int(bank.lengths[clip]))
    found: list[tuple[int, Encoded]] = []
    for first in range(0, len(order), 64):
        chunk = np.array(order[first : first + 64])
        batch = bank.cut(Draw(chunk, np.ones(len(chunk)), int(bank.lengths[chunk].max())))
        out: Encoded = model.encoder(normalise_batch(batch.features, batch.lengths), batch.lengths)
        out = Encoded(*(tensor.float().cpu() for tensor in out))
        lengths = encoded_length(batch.host_lengths).tolist()
        for row, (clip, length) in enumerate(zip(chunk.tolist(), lengths, strict=True)):
            found.append((clip, Encoded(*(tensor[row : row + 1, :length] for tensor in out))))
    return found


def align_recordings(
    model: Recogniser, bank: Bank, workers: ProcessPoolExecutor, log: Callable[..., None]
) -> None:
    """Align every recording with the frame head, phone by phone, and tell the bank."""
    began = time.monotonic()
    encoded = encode_clips(model, bank, np.flatnonzero(~bank.synthetic).tolist())
    # without synthetic clips nothing has taught the frame head yet: then CTC has to do
    taught = bool((bank.frame_phone >= 0).any())
    posteriors = [(out.frame if taught else out.ctc)[0].numpy() for _, out in encoded]
    phones = [bank.phones(clip) for clip, _ in encoded]
    scores: list[float] = []
    for (clip, _), (frame_phone, score) in zip(
        encoded, workers.map(_align_phones, posteriors, phones, chunksize=16), strict=True
    ):
        bank.set_alignment(clip, frame_phone.repeat(SUBSAMPLING)[: int(bank.lengths[clip])])
        scores.append(score)
    log(event="aligned", clips=len(scores), mean_score=float(np.mean(scores)), took_s=time.monotonic() - began)


def _align_phones(log_probs: LogProbs, phones: list[int]) -> tuple[npt.NDArray[np.int16], float]:
    found = align(log_probs, [[[label]] for label in phones])
    frame_phone = np.full(len(log_probs), PAUSE, dtype=np.int16)
    for index, (start, end) in enumerate(zip(found.start, found.end, strict=True)):
        frame_phone[start:end] = index
    return frame_phone, found.score


@dataclass(frozen=True)
class Report:
    """How a recogniser does on clips that it was not trained on."""

    per: float
    """Errors a canonical phone of greedy CTC decoding, without the text."""
    phone_pcc: float
    """Correlation of the quality head with human phone scores, aligned with the text; NaN without scores."""


@torch.no_grad()
def report_on(model: Recogniser, bank: Bank, clips: Sequence[int], workers: ProcessPoolExecutor) -> Report:
    """Recognise and align clips of a bank."""
    encoded = encode_clips(model, bank, clips)
    phones = [bank.phones(clip) for clip, _ in encoded]
    errors = sum(
        kaldialign.edit_distance(reference, greedy(out.ctc[0].numpy()))["total"]
        for reference, (_, out) in zip(phones, encoded, strict=True)
    )
    posteriors = [out.frame[0].numpy() for _, out in encoded]
    quality = [out.quality for _, out in encoded]
    aligned = workers.map(_align_phones, posteriors, phones, chunksize=16)
    head = copy.deepcopy(model.quality).cpu()
    predicted: list[float] = []
    human: list[float] = []
    for (clip, _), classes, stream, (frame_phone, _) in zip(encoded, phones, quality, aligned, strict=True):
        pooled = pool(stream, torch.from_numpy(frame_phone.astype(np.int64))[None], len(classes))
        predicted += head(pooled, torch.tensor([classes]))[0, :, 0].tolist()
        human += bank.phone_scores(clip)
    known = np.array(human) >= 0
    pcc = np.corrcoef(np.array(predicted)[known], np.array(human)[known])[0, 1] if known.sum() > 2 else np.nan
    return Report(errors / sum(map(len, phones)), float(pcc))


def choose(recipe: RecogniserRecipe) -> tuple[list[Utterance], list[Utterance]]:
    """Utterances to train on and to report on."""
    utterances = load_corpus(recipe.corpus, recipe.split)
    if recipe.folds < 2:
        return utterances, load_corpus(recipe.corpus, "test") if recipe.split == "train" else []
    held = set(speaker_folds(utterances, recipe.folds, recipe.seed)[recipe.hold_out])
    return (
        [u for index, u in enumerate(utterances) if index not in held],
        [u for index, u in enumerate(utterances) if index in held],
    )


def train(recipe: RecogniserRecipe) -> dict[str, float]:
    """Run a recipe; writes weights, configuration, `log.jsonl` and `metrics.json` to `recipe.out`."""
    recipe.out.mkdir(parents=True, exist_ok=True)
    log = _logger(recipe.out / "log.jsonl")
    learn, report = choose(recipe)
    with ProcessPoolExecutor(recipe.workers) as workers:  # forked before the device is touched
        clips = recordings(learn, workers)
        reported = recordings(report, workers)
        made = synthetic_clips(recipe.synthetic, workers) if recipe.synthetic else []
        hours = sum(len(clip.features) for clip in made) / 360_000
        log(event="data", recordings=len(clips), reported=len(reported), synthetic=len(made), synthetic_h=hours)
        return _train(recipe, [*clips, *made], reported, workers, log)


def _train(
    recipe: RecogniserRecipe,
    clips: list[TrainingClip],
    reported: list[TrainingClip],
    workers: ProcessPoolExecutor,
    log: Callable[..., None],
) -> dict[str, float]:
    name = recipe.device if recipe.device != "auto" else ("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    trainer = Trainer(recipe, Bank(clips, device), workers, log)
    report_bank = Bank(reported, device) if reported else None

    def evaluate(step: int) -> float:
        if report_bank is None:
            return 0.0
        found = report_on(trainer.ema, report_bank, range(0, len(reported), 4), workers)
        log(event="report", step=step, on="every fourth held-out clip", **vars(found))
        return found.per

    trainer.run(evaluate)
    metrics = {"reported_utterances": float(len(reported))}
    if report_bank is not None:
        metrics |= vars(report_on(trainer.ema, report_bank, range(len(reported)), workers))
    log(event="done", **metrics)
    _save(recipe, trainer.ema, metrics)
    return metrics


def _save(recipe: RecogniserRecipe, model: Recogniser, metrics: dict[str, float]) -> None:
    weights = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, recipe.out / WEIGHTS)
    (recipe.out / CONFIG).write_text(recipe.encoder.model_dump_json(indent=1))
    (recipe.out / "recipe.json").write_text(recipe.model_dump_json(indent=1))
    (recipe.out / "metrics.json").write_text(json.dumps(metrics, indent=1))


def _logger(path: Path) -> Callable[..., None]:
    def log(**fields: object) -> None:
        line = json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in fields.items()})
        print(line, flush=True)
        with path.open("a") as file:
            file.write(line + "\n")

    return log
