"""The scale model's base: what it learns from, that it learns, and that it reads like a checkpoint."""

import json

import numpy as np
import pytest
import torch
from support.tone_corpus import RATE_HZ, make_corpus, make_shard, render

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError, EnunciateError
from enunciate.speech_lm.adapter import add_adapter
from enunciate.speech_lm.answer_loss import answer_loss, count_items
from enunciate.speech_lm.families.phi4.model import load_base
from enunciate.speech_lm.families.phi4.processor import Phi4Processor as Processor
from enunciate.speech_lm.families.speech_model import IGNORE_INDEX
from enunciate.speech_lm.nano.base_recipe import NanoBaseRecipe
from enunciate.speech_lm.nano.batches import TranscriptBatches
from enunciate.speech_lm.nano.data import (
    BASE_PROMPT,
    recorded_sources,
    sequence_tails,
    tokenizer_texts,
    training_clips,
)
from enunciate.speech_lm.nano.feature_bank import Bank, BatchDraw
from enunciate.speech_lm.nano.tokenizer import build_tokenizer
from enunciate.speech_lm.nano.train_base import NanoBaseTrainer, train
from enunciate.speech_lm.options import AdapterConfig, PromptConfig, TargetConfig
from enunciate.speech_lm.targets import ApaAnswer, parse
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.collator import Collator
from enunciate.speech_lm.training.data import examples_of
from enunciate.speech_lm.training.train import train as train_adapter

pytestmark = pytest.mark.usefixtures("one_thread")

STILL = {"noise_probability": 0, "room_probability": 0, "tilt": 0.2, "frequency_masks": 0, "time_masks": 0}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_corpus(tmp_path_factory.mktemp("corpus"), {"train": 4, "test": 4}, clips_each=3)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    return make_shard(tmp_path_factory.mktemp("synthetic"), clips=12)


def base_recipe(corpus, out, **values):
    given = {
        "kind": "phi4-base",
        "corpus": corpus,
        "out": out,
        "size": "tiny",
        "vocabulary": 700,
        "device": "cpu",
        "dev_speakers": 2,
        "steps": 60,
        "warmup_steps": 10,
        "batch_frames": 1_500,
        "learning_rate": 4e-3,
        "audio_dropout": 0,
        "decoder_dropout": 0,
        "ema_decay": 0.9,
        "augment": STILL | {"tempo": 0.05, "warp": 0.02},
        "log_every": 20,
        "workers": 0,
    }
    return NanoBaseRecipe(**(given | values))


@pytest.fixture(scope="module")
def base(corpus, synthetic, tmp_path_factory):
    recipe = base_recipe(corpus, tmp_path_factory.mktemp("base"), synthetic=synthetic)
    return recipe, train(recipe)


def events(folder, name):
    return [e for e in map(json.loads, (folder / "log.jsonl").read_text().splitlines()) if e["event"] == name]


@pytest.mark.slow
def test_the_losses_fall_by_a_third_and_more(base):
    recipe, metrics = base
    first, *_, last = events(recipe.out, "step")
    (data,) = events(recipe.out, "data")

    assert (data["clips"], data["dev"]) == (6 + 12, 6)
    assert last["answer"] < 0.6 * first["answer"] and last["ctc"] < 0.6 * first["ctc"]
    assert {"answer_loss", "right", "ctc_per", "wer", "per", "unparsable_mdd"} <= metrics.keys()
    assert metrics["unparsable_mdd"] == 0
    assert json.loads((recipe.out / "metrics.json").read_text()) == metrics


@pytest.mark.slow
def test_it_reads_like_a_checkpoint(base):
    recipe, _ = base
    model = load_base(str(recipe.out), dtype=torch.float32)
    special = Processor.load(str(recipe.out), None, "special")

    assert max(special.control_token_ids.values()) < model.config.vocab_size
    assert model.config.audio_config.dropout_rate == model.config.resid_pdrop == 0
    mean = model.model.embed_tokens_extend.audio_embed.encoder.encoder_embedding.global_mean
    assert float(mean.abs().min()) > 0.1, "the encoder knows the level of the features"
    add_adapter(model, AdapterConfig(start="fresh", rank=2), list(special.control_token_ids.values()))


@pytest.mark.slow
def test_an_adapter_is_trained_on_it(base, corpus, tmp_path):
    metrics = train_adapter(
        AdapterRecipe(
            kind="phi4", model=str(base[0].out), corpus=corpus, out=tmp_path / "adapter", device="cpu",
            precision="fp32", split="all", folds=2, dev_speakers=2, max_steps=2, batch_size=8, accumulation=1,
            adapter={"start": "fresh", "rank": 4},
        )
    )  # fmt: skip

    assert metrics["steps"] == 2 and metrics["report_n_apa"] == metrics["report_n_mdd"] == 6


@pytest.mark.slow
def test_the_same_seed_gives_the_same_base(corpus, tmp_path):
    def weights(name, **values):
        train(base_recipe(corpus, tmp_path / name, steps=4, dev_speakers=0, **values))
        return (tmp_path / name / "model.safetensors").read_bytes()

    assert weights("first") == weights("again") != weights("other", seed=2)


def test_a_time_limit_ends_it_early_with_a_base(corpus, tmp_path):
    metrics = train(base_recipe(corpus, tmp_path, steps=100_000, time_limit_s=1.0, dev_speakers=0))

    assert metrics["steps"] < 1_000
    load_base(str(tmp_path))


def test_it_gives_up_where_nothing_is_learnt(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(NanoBaseTrainer, "evaluate", lambda self: {"ctc_per": 0.97})
    monkeypatch.setattr(NanoBaseTrainer, "step", lambda *_: pytest.skip("too late"))
    trainer = object.__new__(NanoBaseTrainer)
    trainer.log = lambda **_: None

    trainer._check_convergence(999)
    with pytest.raises(EnunciateError, match=r"does not converge.*0.97 at step 1000.*learning_rate"):
        trainer._check_convergence(1_000)


def test_no_finished_shard_is_told(corpus, tmp_path):
    with pytest.raises(CorpusError, match="no finished shard"):
        train(base_recipe(corpus, tmp_path / "out", synthetic=tmp_path))


# ----------------------------------------------------------------------------------------------- batches


@pytest.fixture(scope="module")
def prepared(corpus, tmp_path_factory):
    recipe = base_recipe(corpus, tmp_path_factory.mktemp("prepared"))
    learn = load_corpus(corpus, "train")
    sources = recorded_sources(learn, TargetConfig())
    processor = Processor(
        build_tokenizer(tokenizer_texts(recipe, sources, learn), recipe.vocabulary), None, "none"
    )
    clips = training_clips(sources, processor, 0)
    feed = TranscriptBatches(Bank(clips, torch.device("cpu")), *sequence_tails(recipe, sources, processor))
    return learn, processor, feed, NanoBaseTrainer(recipe, feed, None, processor, lambda **_: None)


def test_the_fast_batch_has_the_loss_of_the_models_own_forward(prepared):
    learn, processor, feed, trainer = prepared
    chosen = np.array([3, 0, 7])
    frames = int(feed.bank.lengths[chosen].max()) + 13
    batch = feed.batch(BatchDraw(chosen, np.ones(3), frames), np.random.default_rng(0))
    trainer.model.eval()
    fast = trainer.model(batch).answer

    examples = examples_of(learn, ["mdd"], BASE_PROMPT, TargetConfig(), processor)
    slow_batch = Collator(processor)([examples[index] for index in chosen])
    slow = answer_loss(trainer.model.model, slow_batch, count_items(slow_batch["labels"]))

    assert int((batch.labels != IGNORE_INDEX).sum()) == int(count_items(slow_batch["labels"]))
    torch.testing.assert_close(fast, slow, atol=2e-3, rtol=1e-3)  # the bank keeps half precision


def test_some_clips_are_asked_for_scores(prepared):
    _, processor, feed, _ = prepared
    draw = BatchDraw(np.arange(12), np.ones(12), 300)
    asked = feed.batch(draw, np.random.default_rng(0), score_share=0.9)
    answers = [
        processor.text_of(row[row != IGNORE_INDEX].tolist()).removesuffix("<|end|>") for row in asked.labels
    ]
    kinds = [isinstance(parse("apa", answer), ApaAnswer) for answer in answers]

    assert 6 < sum(kinds) < 12
    never = feed.batch(draw, np.random.default_rng(0))
    assert all(
        '"word_transcript"' in processor.text_of(row[row != IGNORE_INDEX].tolist()) for row in never.labels
    )


def test_every_clip_is_reported_on_once(prepared):
    *_, feed, _ = prepared
    draws = list(feed.each_once(1_500))

    assert sorted(int(clip) for draw in draws for clip in draw.clips) == list(range(12))
    assert all(len(draw.clips) * draw.frames <= 1_500 for draw in draws)


def test_features_are_the_processors(prepared):
    _, processor, _, _ = prepared
    samples = render([["S", "IY"]], np.random.default_rng(0))

    assert processor.features(samples).shape == ((len(samples) - 400) // 160 + 1, 80)
    assert len(samples) < RATE_HZ


def test_prompts_of_adapters_fit_the_vocabulary(prepared):
    _, processor, _, _ = prepared

    assert processor.n_ids <= 700
    assert processor.text_ids(PromptConfig().control)
