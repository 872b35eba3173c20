"""Train the nano base: a small model of Phi-4's classes that transcribes words and phones.

Phi-4 was trained on far more speech and text than any adapter; in experiments at a small scale, this run
stands for that pre-training. All parameters are trained on transcripts of recordings and synthetic speech.
From transcripts alone, attention takes very long to find where in the audio to listen, so two auxiliary
losses make the encoder phonetic first: CTC, and the framewise phones of synthetic clips, whose boundaries are
known. The result is a folder that loads like a checkpoint.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from enunciate.audio import load
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import hold_out_speakers
from enunciate.errors import EnunciateError
from enunciate.phones.alignment import edit_distance
from enunciate.pocket.ctc import greedy
from enunciate.schema import Utterance
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.families.phi4.config import nano_config
from enunciate.speech_lm.families.phi4.model import random_base
from enunciate.speech_lm.families.phi4.processor import Phi4Processor
from enunciate.speech_lm.nano.augment import augment
from enunciate.speech_lm.nano.base_recipe import NanoBaseRecipe
from enunciate.speech_lm.nano.batches import TranscriptBatches, mean_and_deviation
from enunciate.speech_lm.nano.data import (
    BASE_PROMPT,
    prompt_prefix_ids,
    recorded_sources,
    sequence_tails,
    synthetic_sources,
    tokenizer_texts,
    training_clips,
)
from enunciate.speech_lm.nano.feature_bank import Bank, BatchDraw, FeatureBatch, draw_batches
from enunciate.speech_lm.nano.master_weights import MasterWeights
from enunciate.speech_lm.nano.model import Transcriber, TranscriberLosses
from enunciate.speech_lm.nano.tokenizer import build_tokenizer
from enunciate.speech_lm.targets import target
from enunciate.speech_lm.training.answer_metrics import TaskAnswer, answer_metrics
from enunciate.storage import RECIPE_FILE, event_log, write_whole, writing_to
from enunciate.torch_device import pick_device
from enunciate.training.run_folder import LOG_FILE, Metrics, write_metrics

Log = Callable[..., None]
_NOT_SPEECH = ("image_embed", "for_vision_speech")
"""Parameters of modules that speech does not use."""


class NanoBaseTrainer:
    """One training run: model, data and schedule."""

    def __init__(
        self,
        recipe: NanoBaseRecipe,
        data: TranscriptBatches,
        dev: TranscriptBatches | None,
        processor: Phi4Processor,
        log: Log,
    ) -> None:
        self.recipe, self.data, self.dev, self.log = recipe, data, dev, log
        self.device = data.bank.device
        torch.manual_seed(recipe.seed)
        self.rng = np.random.default_rng(recipe.seed)
        base = _random_base(recipe, processor, self.device)
        self.model = Transcriber(base, prompt_prefix_ids(processor), recipe.hidden_answer).to(self.device)
        self.mean, deviation = mean_and_deviation(data.bank)
        layer = base.model.embed_tokens_extend.audio_embed.encoder.encoder_embedding
        layer.global_mean.copy_(self.mean)
        layer.global_invstd.copy_(1 / deviation)
        named = [(n, p) for n, p in self.model.named_parameters() if not any(s in n for s in _NOT_SPEECH)]
        self.ema = [parameter.detach().clone() for _, parameter in named]
        self.working = [parameter for _, parameter in named]
        self.weights = MasterWeights(self.working, self.ema, recipe.learning_rate, recipe.weight_decay)
        if self.device.type == "cuda":
            self.model.to(torch.bfloat16)

    def run(self) -> int:
        """Train until the last step or the time limit, whichever comes first, and return the steps done.

        Raises:
            EnunciateError: Training does not converge: the audio encoder does not learn phones.
        """
        recipe, start_s = self.recipe, time.monotonic()
        progress, checked = 0.0, False
        first, last = recipe.synthetic_share
        draws = draw_batches(
            self.data.bank,
            recipe.batch_frames,
            recipe.augment.tempo,
            lambda: first + (last - first) * progress,
            self.rng,
        )
        self.model.train()
        for step in range(recipe.steps):
            elapsed_s = time.monotonic() - start_s
            progress = max(step / recipe.steps, elapsed_s / recipe.time_limit_s)
            if progress >= 1:
                self.log(event="time_limit", step=step)
                return step
            warm = min(1.0, (step + 1) / max(1, recipe.warmup_steps))
            rate = recipe.learning_rate * warm * 0.5 * (1 + np.cos(np.pi * progress))
            losses = self.step(next(draws), float(rate), min(recipe.ema_decay, (step + 1) / (step + 10)))
            if step % recipe.log_every == 0:
                self._log_step(step, float(rate), elapsed_s, losses)
            if not checked and progress >= recipe.give_up_at:
                checked = True
                self._check_convergence(step)
        return recipe.steps

    def step(self, draw: BatchDraw, rate: float, ema_decay: float) -> TranscriberLosses:
        """Do one optimiser step."""
        batch = self.data.batch(draw, self.rng, self.recipe.score_share, self._augmented)
        losses = cast("TranscriberLosses", self.model(batch))
        self.model.zero_grad()
        auxiliary = self.recipe.ctc_weight * losses.ctc + self.recipe.place_weight * losses.framewise
        (losses.answer + auxiliary).backward()
        self.weights.step(rate, ema_decay)
        return losses

    def _augmented(self, cut: FeatureBatch) -> Tensor:
        return augment(cut.features, cut.lengths, cut.synthetic, self.recipe.augment, self.mean)

    def _log_step(self, step: int, rate: float, elapsed_s: float, losses: TranscriberLosses) -> None:
        values = {
            "answer": losses.answer,
            "ctc": losses.ctc,
            "place": losses.framewise,
            "right": losses.token_accuracy,
        }
        scalars = {name: float(value.detach()) for name, value in values.items()}
        self.log(event="step", step=step, rate=rate, elapsed_s=elapsed_s, **scalars)

    def _check_convergence(self, step: int) -> None:
        metrics = self.evaluate()
        self.log(event="report", step=step, **metrics)
        rate = metrics.get("ctc_per")
        if rate is not None and rate > 0.9 and step >= 1000:
            raise EnunciateError(
                f"training does not converge: the audio encoder's phone error rate is {rate:.2f} at step "
                f"{step}. Try a lower learning_rate, more warmup_steps or more synthetic speech"
            )

    @torch.no_grad()
    def evaluate(self) -> Metrics:
        """Compute the loss, the token accuracy and the PER of the CTC head on the dev speakers."""
        if self.dev is None:
            return {}
        self.model.eval()
        answers: list[tuple[float, float]] = []
        errors = n_phones = 0
        for draw in self.dev.each_once(self.recipe.batch_frames):
            batch = self.dev.batch(draw, self.rng)
            losses = cast("TranscriberLosses", self.model(batch))
            answers.append((float(losses.answer), float(losses.token_accuracy)))
            logits = losses.ctc_logits.float().cpu().numpy()
            for row, clip in enumerate(draw.clips):
                expected = self.dev.bank.phones(int(clip))
                heard = greedy(logits[row, : int(batch.host_ctc_lengths[row])])
                errors += edit_distance(expected, heard)
                n_phones += len(expected)
        self.model.train()
        loss, accuracy = np.mean(answers, axis=0)
        return {"answer_loss": float(loss), "right": float(accuracy), "ctc_per": errors / max(n_phones, 1)}

    def finished(self) -> Phi4MultimodalForCausalLM:
        """Return the base with averaged weights in float32, without auxiliary heads and dropout."""
        self.model.float()
        with torch.no_grad():
            for parameter, averaged in zip(self.working, self.ema, strict=True):
                parameter.copy_(averaged)
        base = self.model.model
        base.config.resid_pdrop = 0.0
        base.config.audio_config.dropout_rate = 0.0
        return base.eval()


def _random_base(
    recipe: NanoBaseRecipe, processor: Phi4Processor, device: torch.device
) -> Phi4MultimodalForCausalLM:
    assert processor.audio_token_id is not None
    config = nano_config(
        vocab_size=recipe.vocabulary,
        audio_token_id=processor.audio_token_id,
        pad_token_id=processor.pad_token_id,
        end_token_id=processor.end_token_id,
        size=recipe.size,
        audio_dropout=recipe.audio_dropout,
        decoder_dropout=recipe.decoder_dropout,
    )
    return random_base(config, torch.float32, device)


# ------------------------------------------------------------------------------------------------- the run


def train(recipe: NanoBaseRecipe) -> Metrics:
    """Run a recipe; `recipe.out` receives the base, `recipe.json`, `log.jsonl` and `metrics.json`.

    Raises:
        CorpusError: The corpus, or the folder of synthetic speech, is broken.
        DeviceError: There is no GPU, and the recipe asks for one.
        EnunciateError: Training does not converge.
    """
    device = pick_device(recipe.device)
    learn, dev = hold_out_speakers(load_corpus(recipe.corpus, "train"), recipe.dev_speakers)
    learn, dev = learn[: recipe.limit], dev[: recipe.dev_utterances]
    sources = recorded_sources(learn, recipe.target)
    if recipe.synthetic is not None:
        sources += synthetic_sources(recipe.synthetic, recipe.limit)
    dev_sources = recorded_sources(dev, recipe.target)
    processor = Phi4Processor(
        build_tokenizer(tokenizer_texts(recipe, sources, learn), recipe.vocabulary), None, "none"
    )
    log = _logger(recipe.out)
    start_s = time.monotonic()
    clips = training_clips([*sources, *dev_sources], processor, recipe.workers)
    hours = sum(len(clip.features) for clip in clips) / 360_000
    log(
        event="data", clips=len(sources), dev=len(dev_sources), hours=hours, made_s=time.monotonic() - start_s
    )
    data = TranscriptBatches(Bank(clips[: len(sources)], device), *sequence_tails(recipe, sources, processor))
    dev_data = None
    if dev_sources:
        dev_bank = Bank(clips[len(sources) :], device)
        dev_data = TranscriptBatches(dev_bank, *sequence_tails(recipe, dev_sources, processor))
    trainer = NanoBaseTrainer(recipe, data, dev_data, processor, log)
    metrics: Metrics = {"steps": trainer.run()} | trainer.evaluate()
    return _finish(recipe, trainer, dev, processor, metrics, log)


def _finish(
    recipe: NanoBaseRecipe,
    trainer: NanoBaseTrainer,
    dev: Sequence[Utterance],
    processor: Phi4Processor,
    metrics: Metrics,
    log: Log,
) -> Metrics:
    """Save the base, and evaluate the transcripts that it decodes."""
    base = trainer.finished()
    with writing_to(recipe.out):
        cast("Any", base).save_pretrained(recipe.out)
        processor.save(recipe.out)
        write_whole(recipe.out / RECIPE_FILE, recipe.model_dump_json(indent=1) + "\n")
    if dev:
        metrics = metrics | _transcript_metrics(recipe, base, dev, processor)
    log(event="done", **metrics)
    write_metrics(metrics, recipe.out)
    return metrics


@torch.no_grad()
def _transcript_metrics(
    recipe: NanoBaseRecipe,
    base: Phi4MultimodalForCausalLM,
    dev: Sequence[Utterance],
    processor: Phi4Processor,
) -> Metrics:
    labelled = [utterance for utterance in dev if target("mdd", utterance, recipe.target) is not None]
    decoder = Decoder(base, processor, BASE_PROMPT, max_batch=64, target=recipe.target)
    decoded = decoder.decode("mdd", [(load(u.audio).samples, u.text) for u in labelled])
    answers = [TaskAnswer(u, "mdd", answer) for u, answer in zip(labelled, decoded, strict=True)]
    return answer_metrics(answers, recipe.target)


def _logger(folder: Path) -> Log:
    path = folder / LOG_FILE
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    return event_log(path)
