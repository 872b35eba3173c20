"""Baselines from recipe to engine, on a corpus of chords."""

import hashlib
import json

import numpy as np
import pytest
from support.baseline_runs import listen_to_chords
from support.tone_corpus import RATE_HZ, WORDS, make_corpus, render

from enunciate.baselines import train as training
from enunciate.baselines.baseline_recipes import ForestRecipe, GopRecipe, GoptConfig, GoptRecipe
from enunciate.baselines.folder import BASELINE, read_description
from enunciate.baselines.listening import LabelledClip, _listen_clip
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.engines import OnePassAssessor, load_assessor
from enunciate.errors import CorpusError, MissingExtraError, RecipeError, TextTooLongError
from enunciate.evaluation.run import evaluate
from enunciate.schema import ASPECTS, Assessment, Clip, Utterance
from enunciate.trainers import extra_of, run

FOLDS = 2


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_corpus(tmp_path_factory.mktemp("corpus"), {"train": 2, "test": 6}, clips_each=4)


@pytest.fixture(scope="module", autouse=True)
def chords():
    """The encoder hears chords, in this process: another would hear through the real one."""

    def listen_here(utterances, folder, extract, workers) -> list[LabelledClip]:
        return [_listen_clip(utterance, folder, extract) for utterance in utterances]

    with pytest.MonkeyPatch.context() as patch:
        listen_to_chords(patch)
        patch.setattr(training, "listen_clips", listen_here)
        yield


def recipe_of(kind, corpus, out, **changes):
    encoder = out.parent / "encoder.onnx"
    encoder.write_bytes(b"chords")
    values = {"kind": kind, "corpus": corpus, "out": out, "encoder": encoder, "folds": FOLDS, "workers": 1}
    if kind == "gop":
        return GopRecipe(**(values | {"members": 2} | changes))
    if kind == "gopt":
        small = GoptConfig(width=16, layers=1, epochs=20, batch=8, learning_rate=1e-2)
        return GoptRecipe(**(values | {"members": 2, "network": small} | changes))
    return ForestRecipe(**(values | {"trees": 20, "min_leaf": 2} | changes))


def needed(kind):
    if kind == "prosody-forest":
        pytest.importorskip("sklearn")
    if kind == "gopt":
        pytest.importorskip("onnxscript")
    return kind


@pytest.fixture(scope="module", params=["gop", "gopt", "prosody-forest"])
def trained(request, corpus, tmp_path_factory):
    """Folder and figures of a run."""
    kind = needed(request.param)
    recipe = recipe_of(kind, corpus, tmp_path_factory.mktemp(kind) / "out")
    return kind, recipe.out, run(recipe)


def clip_of(words, id="a", **fields):
    spoken = [list(WORDS[word]) for word in words]
    samples = render(spoken, np.random.default_rng(0))
    return Utterance(id=id, audio=Clip(samples=samples, sample_rate_hz=RATE_HZ), **fields)


def test_the_folds_never_heard_their_speakers(trained, corpus):
    _, folder, _ = trained
    speaker = {u.id: u.speaker for u in load_corpus(corpus, "test")}
    held = [json.loads(path.read_text()) for path in sorted(folder.glob("folds/*/held_out.json"))]
    speakers = [{speaker[name] for name in fold} for fold in held]

    assert sorted(name for fold in held for name in fold) == sorted(speaker)
    assert len(held) == FOLDS and sum(map(len, speakers)) == len(set(speaker.values()))


def test_a_fold_evaluates_as_its_own_engine(trained, corpus, tmp_path):
    """What training says of the folds is what their engines say of the clips, from audio."""
    kind, folder, figures = trained
    human, found = [], []
    for fold in sorted((folder / "folds").iterdir()):
        engine = load_assessor(fold)
        held = json.loads((fold / "held_out.json").read_text())
        utterances = [u for u in load_corpus(corpus, "test") if u.id in held]
        assert isinstance(engine, OnePassAssessor)
        results = evaluate(engine, utterances, tmp_path / fold.name)
        assert results.n_failed == 0 and results.models == (f"{kind} dev",)
        human += [u.scores.accuracy for u in utterances]
        found += [a.accuracy.value for a in engine.assess(utterances)]

    assert np.corrcoef(human, found)[0, 1] == pytest.approx(float(figures["accuracy"]), abs=5e-4)


def test_with_its_text(trained):
    kind, folder, _ = trained
    (found,) = load_assessor(folder).assess([clip_of(("SEE", "ME"), text="see me")])

    assert Assessment.model_validate_json(found.model_dump_json()) == found
    assert found.used_reference and found.rates.words_per_s > 0
    for aspect in ASPECTS:
        score = getattr(found, aspect)
        assert score.low <= score.value <= score.high
    if kind != "prosody-forest":
        assert [phone.phone for phone in found.phones] == ["S", "IY", "M", "IY"]
        assert found.completeness.value == 10
    else:
        assert found.phones == () and sum(found.accuracy.distribution) == pytest.approx(1)


def test_without_a_text(trained):
    _, folder, _ = trained
    (found,) = load_assessor(folder).assess([clip_of(("SEE", "ME"))])

    assert not found.used_reference and found.words == () and found.accuracy is not None
    assert [notice.code for notice in found.warnings] == ["no_reference"]


def test_it_hears_the_same_alone_and_while_it_assesses(trained):
    _, folder, _ = trained
    engine, clips = load_assessor(folder), [clip_of(("SOCK",), text="sock"), clip_of(("KEY", "MOO"), id="b")]

    both = engine.assess_and_recognise(clips)

    assert [phones for _, phones in both] == engine.recognise(clips)
    assert [assessment for assessment, _ in both] == engine.assess(clips)


def test_a_text_that_does_not_fit(trained):
    with pytest.raises(TextTooLongError):
        load_assessor(trained[1]).assess([clip_of(("SEE",), text="see me " * 20)])


@pytest.mark.parametrize("kind", ["gop", "gopt"])
def test_goodness_tells_which_phone_was_wrong(kind, corpus, tmp_path):
    run(recipe_of(needed(kind), corpus, tmp_path / "out", cross_validate=False))
    wrong = clip_of(("KEY", "ME"), text="see me")

    (found,) = load_assessor(tmp_path / "out").assess([wrong])

    assert [phone.mispronounced for phone in found.phones] == [True, False, False, False]
    assert found.phones[0].heard == "K" and found.phones[0].score.value < 1 < found.phones[1].score.value
    assert not (tmp_path / "out" / "folds").exists()


@pytest.mark.parametrize("evidence", [("posterior", "ratio"), ("ctc",)])
def test_each_form_of_goodness_does_it_alone(corpus, tmp_path, evidence):
    figures = run(recipe_of("gop", corpus, tmp_path / "out", evidence=evidence))

    assert float(figures["phone"]) > 0.5


def test_a_run_repeats(trained, corpus, tmp_path):
    kind, _, figures = trained
    if kind == "gopt":
        pytest.skip("exports take their time; that its fit repeats is shown beside it")

    assert run(recipe_of(kind, corpus, tmp_path / "out")) == figures


def test_the_folder_says_which_encoder(trained):
    kind, folder, _ = trained
    found = read_description(folder)

    assert found.kind == kind and (folder / BASELINE).is_file()
    assert found.encoder == hashlib.sha256(b"chords").hexdigest()


def test_no_encoder_at_the_path(corpus, tmp_path):
    with pytest.raises(RecipeError, match="encoder"):
        run(recipe_of("gop", corpus, tmp_path / "out", encoder=tmp_path / "none.onnx"))


def test_no_labels_to_learn_from(tmp_path):
    corpus = make_corpus(tmp_path / "corpus", {"train": 1, "test": 1}, clips_each=1)
    scores = corpus / "resource" / "scores.json"
    keep = {"text", "words"}
    rows = json.loads(scores.read_text()).items()
    scores.write_text(json.dumps({key: {k: v for k, v in row.items() if k in keep} for key, row in rows}))

    with pytest.raises(CorpusError, match="no utterance"):
        run(recipe_of("gop", corpus, tmp_path / "out"))


def test_the_extra_is_named(corpus, tmp_path):
    recipe = recipe_of("prosody-forest", corpus, tmp_path / "out")

    assert extra_of(recipe) == "baselines"
    assert "enunciate[baselines]" in str(MissingExtraError("sklearn", extra_of(recipe)))
    assert extra_of(recipe_of("gopt", corpus, tmp_path / "out")) == "train"
