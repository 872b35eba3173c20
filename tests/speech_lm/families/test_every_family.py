"""Every family goes the whole way on a tiny model: train, resume, save, load, merge, assess."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from support.speech_lm_cases import clip, spoken_clip
from support.speech_lm_runs import log_of, tiny_recipe
from support.tiny_bases import save_tiny_base

from enunciate.engines import load_assessor
from enunciate.errors import RecipeError
from enunciate.schema import Clip, Utterance
from enunciate.speech_lm.decoding.decoded_answer import expectation
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.families.decoder_only import DecoderOnly
from enunciate.speech_lm.families.names import USUAL_BASES
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.options import AdapterDescription, PromptConfig
from enunciate.speech_lm.training.collator import Collator
from enunciate.speech_lm.training.train import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
WEIGHTS = "adapter_model.safetensors"
DIGIT_BY_DIGIT = ("voxtral",)
"""Families whose tokenizer, as it is here, has no token for 10."""


@pytest.fixture(scope="module", params=USUAL_BASES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def recipe(family, material, tmp_path_factory):
    folder = tmp_path_factory.mktemp(family)
    base = save_tiny_base(family, folder / "base")
    return tiny_recipe(
        material,
        folder / "out",
        kind=family,
        model=str(base),
        adapter={"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0.1, "strategy": "unfreeze"},
        best_metric="loss",
        by_clip=True,
        save_every=2,
        report=True,
    )


@pytest.fixture(scope="module")
def metrics(recipe):
    return train(recipe)


def test_it_trains_and_measures(recipe, metrics):
    losses = [line["loss"] for line in log_of(recipe.out, "loss")]

    assert losses[-1] < losses[0]
    assert {"report_per", "report_per_canonical", "report_pcc_expected", "dev_loss"} <= metrics.keys()
    assert metrics["report_unparsable_apa"] == metrics["report_unparsable_mdd"] == 0


def test_it_resumes_to_the_same_adapter(recipe, metrics, tmp_path):
    again = recipe.model_copy(update={"out": tmp_path / "out"})
    shutil.copytree(recipe.out, again.out, ignore=shutil.ignore_patterns("checkpoint-6", WEIGHTS))
    (again.out / "recipe.json").write_text(again.model_dump_json())

    assert train(again, resume=True) == metrics
    assert (again.out / WEIGHTS).read_bytes() == (recipe.out / WEIGHTS).read_bytes()


def test_its_folder_is_an_engine(recipe, metrics):
    engine = load_assessor(recipe.out)
    reading = Clip(samples=spoken_clip(2.0), sample_rate_hz=16_000)
    assessment, heard = engine.assess_and_recognise([Utterance(id="a", audio=reading, text="I THINK")])[0]

    assert engine.name.startswith(f"{recipe.kind} ")
    assert assessment.total is not None and 0 <= assessment.total.value <= 10
    assert sum(assessment.total.distribution or ()) == pytest.approx(1)
    assert heard is not None


def test_the_saved_recipe_names_the_family(recipe, metrics):
    saved = AdapterDescription.model_validate(json.loads((recipe.out / "recipe.json").read_text()))

    assert saved.kind == recipe.kind and saved.model == recipe.model


def test_a_recipe_without_a_base_takes_the_usual_one(family):
    assert AdapterDescription(kind=family).model == family_named(family).hub_name == USUAL_BASES[family]


@pytest.mark.parametrize("loss", ["soft", "ordinal"])
def test_scores_can_be_learnt_softly_and_apart(recipe, loss, tmp_path):
    changes = {"out": tmp_path, "score_loss": loss, "report": False, "saved_as": "fp16", "split": "all"}
    changes |= {"target": {"scores": "apart"}, "folds": 2, "encode_once": False}
    soft = type(recipe)(**(recipe.model_dump() | changes))
    if recipe.kind in DIGIT_BY_DIGIT:
        with pytest.raises(RecipeError, match="'10' is two tokens"):
            train(soft)
        return
    train(soft)
    losses = [line["loss"] for line in log_of(tmp_path, "loss")]
    evaluation = log_of(tmp_path, "eval_loss")[-1]

    assert losses[-1] < losses[0]
    assert evaluation["eval_n_apa"] > 0 and evaluation["eval_unparsable_apa"] == 0
    assert {value.dtype for value in load_file(tmp_path / WEIGHTS).values()} == {torch.float16}


def test_an_instruction_computed_once_trains_the_same(recipe, tmp_path, monkeypatch):
    shared = []
    batch_of = Collator.__call__

    def counted(collator, examples):
        shared.append(batch_of(collator, examples).get("shared_tokens", 0))
        return batch_of(collator, examples)

    monkeypatch.setattr(Collator, "__call__", counted)
    losses = []
    for name in ("once", "in each row"):
        if name == "in each row":
            monkeypatch.setattr(DecoderOnly, "pack_rows", lambda _: None)
        changes = {
            "out": tmp_path / name,
            "report": False,
            "dev_speakers": 0,
            "by_clip": False,
            "max_steps": 3,
        }
        changes |= {"adapter": {"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0}}
        changes |= {"prompt": {"rubric": False, "control": "none", "instruction": "before"}}
        train(type(recipe)(**(recipe.model_dump() | changes)))
        losses.append([line["loss"] for line in log_of(tmp_path / name, "loss")])

    assert any(shared) == (recipe.kind != "whisper"), "every token of Whisper hears the clip"
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_encodings_computed_once_train_the_same(recipe, tmp_path):
    losses = []
    for once in (True, False):
        changes = {"out": tmp_path / str(once), "encode_once": once, "report": False, "dev_speakers": 0}
        changes |= {"adapter": {"start": "fresh", "rank": 4, "alpha": 8, "dropout": 0}, "max_steps": 3}
        train(type(recipe)(**(recipe.model_dump() | changes)))
        losses.append([line["loss"] for line in log_of(tmp_path / str(once), "loss")])

    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


# ------------------------------------------------------------------------------- scores of tiny bases


@pytest.fixture(scope="module")
def base(family, recipe):
    return family_named(family).load(recipe.model, dtype=torch.float32).eval()


def test_the_expected_total_hangs_on_no_single_path(family, recipe, base, monkeypatch):
    logits_of = type(base).logits_of
    as_sure_as_trained = lambda *asked: 5 * logits_of(base, *asked)  # noqa: E731
    monkeypatch.setattr(base, "logits_of", as_sure_as_trained)

    def totals(paths):
        processor = family_named(family).processor(recipe.model, None, "text")
        decoder = Decoder(base, processor, PromptConfig(rubric=False), paths=paths)
        items = [(clip(0.3, seed), None) for seed in range(4)]
        return np.array([expectation(one.distributions["total"]) for one in decoder.decode("apa", items)])

    every = totals(11**3)
    followed = np.abs(totals(family_named(family).score_paths) - every)
    most_likely = np.abs(totals(1) - every)

    assert most_likely.max() > 0.02, "the most likely numbers alone mislead here"
    assert followed.mean() < 0.5 * most_likely.mean()


@torch.no_grad()
def test_scores_are_computed_in_float32_under_autocast(family, base):
    vectors = torch.randn(
        3, family_named(family).sizes(base.config).hidden, generator=torch.Generator().manual_seed(0)
    )
    tokens = torch.tensor([5, 9, 2])
    expected = base.logits(vectors)[:, tokens]

    with torch.autocast("cpu", torch.bfloat16):
        found = base.logits_of(vectors, tokens)
        rounded = base.logits(vectors)[:, tokens]

    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected)
    assert not torch.allclose(rounded.float(), expected, rtol=1e-5)
