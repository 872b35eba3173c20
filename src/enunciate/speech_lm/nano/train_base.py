"""Trains the scale model's base: a small model of Phi-4's classes that writes down words and phones.

Phi-4 has heard and read far more than any adapter will show it; at scale, this run stands for that. All
parameters are trained on transcripts of recordings and synthetic speech. From those alone attention takes
very long to find where in the audio it should listen, so two losses on the encoder's output make it phonetic
first: CTC, and what is said at each place of a synthetic clip, whose times are known. What is written is a
folder that reads like a checkpoint.
"""

from __future__ import annotations

import json
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
from enunciate.pocket.training.feature_bank import Bank, Draw, draw_batches
from enunciate.pocket.training.feature_bank import Batch as Cut
from enunciate.pocket.training.master_weights import MasterWeights
from enunciate.schema import Utterance
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.families.phi4.model import nano_config, random_base
from enunciate.speech_lm.nano.data import (
    BASE_PROMPT,
    head_ids,
    recordings,
    synthetic_sources,
    tails,
    texts,
    training_clips,
)
from enunciate.speech_lm.nano.feed import Feed, mean_and_spread
from enunciate.speech_lm.nano.model import Losses, Transcriber, augmented
from enunciate.speech_lm.nano.tokenizer import build_tokenizer
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.targets import target
from enunciate.speech_lm.training.adapter_recipe import BaseRecipe
from enunciate.speech_lm.training.answer_metrics import Answered, Figures, figures
from enunciate.storage import event_log, write_whole, writing_to
from enunciate.torch_device import pick_device
from enunciate.training.tensors import backward, seed_all

Log = Callable[..., None]
_NOT_SPEECH = ("image_embed", "for_vision_speech")
"""Parameters of parts that no clip goes through."""


class BaseTrainer:
    """One run: model, data and schedule."""

    def __init__(
        self, recipe: BaseRecipe, feed: Feed, dev: Feed | None, processor: Processor, log: Log
    ) -> None:
        self.recipe, self.feed, self.dev, self.log = recipe, feed, dev, log
        self.device = feed.bank.device
        seed_all(recipe.seed)
        self.rng = np.random.default_rng(recipe.seed)
        base = _random_base(recipe, processor, self.device)
        self.model = Transcriber(base, head_ids(processor), recipe.hidden_answer).to(self.device)
        self.mean, spread = mean_and_spread(feed.bank)
        layer = base.model.embed_tokens_extend.audio_embed.encoder.encoder_embedding
        layer.global_mean.copy_(self.mean)
        layer.global_invstd.copy_(1 / spread)
        named = [(n, p) for n, p in self.model.named_parameters() if not any(s in n for s in _NOT_SPEECH)]
        self.ema = [parameter.detach().clone() for _, parameter in named]
        self.working = [parameter for _, parameter in named]
        self.weights = MasterWeights(self.working, self.ema, recipe.learning_rate, recipe.weight_decay)
        if self.device.type == "cuda":
            self.model.to(torch.bfloat16)

    def run(self) -> int:
        """Train to the last step or the time limit, whichever comes first; says how many steps that were.

        Raises:
            EnunciateError: the audio encoder has not begun to hear phones when it should have.
        """
        recipe, began = self.recipe, time.monotonic()
        progress, judged = 0.0, False
        first, last = recipe.synthetic_share
        draws = draw_batches(
            self.feed.bank,
            recipe.batch_frames,
            recipe.augment.tempo,
            lambda: first + (last - first) * progress,
            self.rng,
        )
        self.model.train()
        for step in range(recipe.steps):
            elapsed_s = time.monotonic() - began
            progress = max(step / recipe.steps, elapsed_s / recipe.time_limit_s)
            if progress >= 1:
                self.log(event="time_limit", step=step)
                return step
            warm = min(1.0, (step + 1) / max(1, recipe.warmup_steps))
            rate = recipe.learning_rate * warm * 0.5 * (1 + np.cos(np.pi * progress))
            losses = self.step(next(draws), float(rate), min(recipe.ema_decay, (step + 1) / (step + 10)))
            if step % recipe.log_every == 0:
                self._log_step(step, float(rate), elapsed_s, losses)
            if not judged and progress >= recipe.give_up_at:
                judged = True
                self._judge(step)
        return recipe.steps

    def step(self, draw: Draw, rate: float, ema_decay: float) -> Losses:
        """One optimiser step."""
        batch = self.feed.batch(draw, self.rng, self.recipe.score_share, self._augmented)
        losses = cast("Losses", self.model(batch))
        self.model.zero_grad()
        heard = self.recipe.ctc_weight * losses.ctc + self.recipe.place_weight * losses.place
        backward(losses.answer + heard)
        self.weights.step(rate, ema_decay)
        return losses

    def _augmented(self, cut: Cut) -> Tensor:
        return augmented(cut.features, cut.lengths, cut.synthetic, self.recipe.augment, self.mean)

    def _log_step(self, step: int, rate: float, elapsed_s: float, losses: Losses) -> None:
        values = {name: float(getattr(losses, name).detach()) for name in ("answer", "ctc", "place", "right")}
        self.log(event="step", step=step, rate=rate, elapsed_s=elapsed_s, **values)

    def _judge(self, step: int) -> None:
        found = self.evaluate()
        self.log(event="report", step=step, **found)
        rate = found.get("ctc_per")
        if rate is not None and rate > 0.9 and step >= 1000:
            raise EnunciateError(
                f"training does not converge: the audio encoder's phone error rate is {rate:.2f} at step "
                f"{step}. Try a lower learning_rate, more warmup_steps or more synthetic speech"
            )

    @torch.no_grad()
    def evaluate(self) -> Figures:
        """On the dev speakers: loss of transcripts, tokens predicted right, and PER of the auxiliary head."""
        if self.dev is None:
            return {}
        self.model.eval()
        answers: list[tuple[float, float]] = []
        errors = n_phones = 0
        for draw in self.dev.each_once(self.recipe.batch_frames):
            batch = self.dev.batch(draw, self.rng)
            found = cast("Losses", self.model(batch))
            answers.append((float(found.answer), float(found.right)))
            logits = found.ctc_logits.float().cpu().numpy()
            for row, clip in enumerate(draw.clips):
                expected = self.dev.bank.phones(int(clip))
                heard = greedy(logits[row, : int(batch.host_places[row])])
                errors += edit_distance(expected, heard)
                n_phones += len(expected)
        self.model.train()
        loss, right = np.mean(answers, axis=0)
        return {"answer_loss": float(loss), "right": float(right), "ctc_per": errors / max(n_phones, 1)}

    def finished(self) -> Phi4MultimodalForCausalLM:
        """The base with averaged weights in single precision, without auxiliary head and dropout."""
        self.model.float()
        with torch.no_grad():
            for parameter, averaged in zip(self.working, self.ema, strict=True):
                parameter.copy_(averaged)
        base = self.model.model
        base.config.resid_pdrop = 0.0
        cast("Any", base.config).audio_config.dropout_rate = 0.0
        return base.eval()


def _random_base(recipe: BaseRecipe, processor: Processor, device: torch.device) -> Phi4MultimodalForCausalLM:
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


def train(recipe: BaseRecipe) -> Figures:
    """Run a recipe; `recipe.out` gets the base, `recipe.json`, `log.jsonl` and `metrics.json`.

    Raises:
        CorpusError: the corpus, or the folder of synthetic speech, is broken.
        DeviceError: there is no GPU, and the recipe asks for one.
        EnunciateError: training does not converge.
    """
    device = pick_device(recipe.device)
    learn, dev = hold_out_speakers(load_corpus(recipe.corpus, "train"), recipe.dev_speakers)
    learn, dev = learn[: recipe.limit], dev[: recipe.dev_utterances]
    sources = recordings(learn, recipe.target)
    if recipe.synthetic is not None:
        sources += synthetic_sources(recipe.synthetic, recipe.limit)
    dev_sources = recordings(dev, recipe.target)
    processor = Processor(build_tokenizer(texts(recipe, sources, learn), recipe.vocabulary), None, "none")
    log = _logger(recipe.out)
    began = time.monotonic()
    clips = training_clips([*sources, *dev_sources], processor, recipe.workers)
    hours = sum(len(clip.features) for clip in clips) / 360_000
    log(event="data", clips=len(sources), dev=len(dev_sources), hours=hours, made_s=time.monotonic() - began)
    feed = Feed(Bank(clips[: len(sources)], device), *tails(recipe, sources, processor))
    dev_feed = None
    if dev_sources:
        dev_feed = Feed(Bank(clips[len(sources) :], device), *tails(recipe, dev_sources, processor))
    trainer = BaseTrainer(recipe, feed, dev_feed, processor, log)
    found: Figures = {"steps": trainer.run()} | trainer.evaluate()
    return _finish(recipe, trainer, dev, processor, found, log)


def _finish(
    recipe: BaseRecipe,
    trainer: BaseTrainer,
    dev: Sequence[Utterance],
    processor: Processor,
    found: Figures,
    log: Log,
) -> Figures:
    """Save the base, and measure it as it will be used."""
    base = trainer.finished()
    with writing_to(recipe.out):
        cast("Any", base).save_pretrained(recipe.out)
        processor.save(recipe.out)
        write_whole(recipe.out / "recipe.json", recipe.model_dump_json(indent=1) + "\n")
    if dev:
        found = found | _transcripts(recipe, base, dev, processor)
    log(event="done", **found)
    write_whole(recipe.out / "metrics.json", json.dumps(found, indent=1) + "\n")
    return found


@torch.no_grad()
def _transcripts(
    recipe: BaseRecipe, base: Phi4MultimodalForCausalLM, dev: Sequence[Utterance], processor: Processor
) -> Figures:
    asked = [utterance for utterance in dev if target("mdd", utterance, recipe.target) is not None]
    decoder = Decoder(base, processor, BASE_PROMPT, max_batch=64, target=recipe.target)
    decoded = decoder.decode("mdd", [(load(u.audio).samples, u.text) for u in asked])
    answers = [Answered(u, "mdd", answer) for u, answer in zip(asked, decoded, strict=True)]
    return figures(answers, recipe.target)


def _logger(folder: Path) -> Log:
    path = folder / "log.jsonl"
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    return event_log(path)
