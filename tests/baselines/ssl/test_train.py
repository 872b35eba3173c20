"""`ssl-joint` from recipe to engine, with a tiny encoder on a corpus of chords."""

import json

import numpy as np
import pytest
import yaml
from support.baseline_runs import clip_of
from support.tone_corpus import RATE_HZ, make_corpus

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from support.ssl_encoders import encoder_of, save_encoder  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from enunciate.baselines.ssl import train as training  # noqa: E402
from enunciate.baselines.ssl.ssl_recipe import SslJointRecipe  # noqa: E402
from enunciate.cli.app import app  # noqa: E402
from enunciate.corpus.speechocean762 import load_corpus  # noqa: E402
from enunciate.engines import OnePassAssessor, load_assessor  # noqa: E402
from enunciate.errors import (  # noqa: E402
    AudioTooLongError,
    CorpusError,
    DeviceError,
    ModelNotFoundError,
    OutputError,
    RecipeError,
)
from enunciate.evaluation.run import evaluate  # noqa: E402
from enunciate.metrics.correlation import pearson  # noqa: E402
from enunciate.schema import ASPECTS, Assessment, Clip, Utterance  # noqa: E402
from enunciate.trainers import run  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ssl")
    make_corpus(folder / "corpus", {"train": 5, "test": 3}, clips_each=4)
    save_encoder(folder / "encoder", "wav2vec2", "group")
    return folder


def recipe_of(root, out, **changes):
    values = {
        "kind": "ssl-joint", "corpus": root / "corpus", "model": str(root / "encoder"), "out": out,
        "device": "cpu", "dev_speakers": 2, "epochs": 2, "batch_size": 4, "accumulation": 1, "dropout": 0.0,
        "warmup_steps": 2, "encoder_learning_rate": 1e-3, "head_learning_rate": 3e-3,
    }  # fmt: skip
    return SslJointRecipe(**(values | changes))


@pytest.fixture(scope="module")
def trained(root):
    out = root / "trained"
    return out, run(recipe_of(root, out, epochs=12))


def lines_of(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def weights_of(folder):
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_losses_fall(trained):
    lines = lines_of(trained[0])

    assert [line["epoch"] for line in lines] == list(range(1, 13))
    assert lines[-1]["loss"] < 0.8 * lines[0]["loss"] and lines[-1]["ctc_loss"] < lines[0]["ctc_loss"]


def test_train_dev_and_report_share_no_speaker(trained, root):
    held = json.loads((trained[0] / "held_out.json").read_text())
    speaker = {u.id: u.speaker for u in load_corpus(root / "corpus", "all")}
    dev, report = ({speaker[name] for name in held[group]} for group in ("dev", "report"))

    assert dev and all(name.startswith("train") for name in dev) and len(dev) < 5
    assert report == {"test0", "test1", "test2"}


def test_metrics_are_those_of_the_best_epoch(trained):
    out, metrics = trained
    best = max(lines_of(out), key=lambda line: (line["pcc"] or 0) - line["per"])

    assert float(metrics["epoch"]) == best["epoch"]
    assert float(metrics["dev_per"]) == pytest.approx(best["per"], rel=1e-3)
    assert json.loads((out / "metrics.json").read_text())["report_per"] is not None


def test_an_evaluation_gives_the_metrics_that_training_reported(trained, root, tmp_path):
    out, _ = trained
    engine, utterances = load_assessor(out), load_corpus(root / "corpus", "test")
    assert isinstance(engine, OnePassAssessor)

    results = evaluate(engine, utterances, tmp_path)

    said = json.loads((out / "metrics.json").read_text())
    assert results.n_failed == 0 and results.models == ("ssl-joint dev",)
    # The scores of so small a model hardly differ, so two decimals, as in JSON, are too few for their PCC.
    values = np.array([one.accuracy.value for one in engine.assess(utterances)])
    human = np.array([utterance.scores.accuracy for utterance in utterances])
    assert pearson(human, values) == pytest.approx(said["report_accuracy_pcc"], abs=1e-3)
    assert results.recognition.per_without_text is not None


def test_a_clip_with_reference_gets_scores_and_phones(trained):
    (assessment,) = load_assessor(trained[0]).assess([clip_of(("SEE", "ME"), text="see me")])

    text = assessment.model_dump_json()
    assert Assessment.model_validate_json(text).model_dump_json() == text
    assert assessment.used_reference and [word.text for word in assessment.words] == ["see", "me"]
    assert [phone.phone for phone in assessment.phones] == ["S", "IY", "M", "IY"]
    assert assessment.completeness.value == 10 * np.mean(
        [word.error != "omission" for word in assessment.words]
    )
    for aspect in ASPECTS:
        score = getattr(assessment, aspect)
        assert score.low <= score.value <= score.high and sum(score.distribution) == pytest.approx(
            1, abs=1e-5
        )


def test_the_text_changes_neither_the_heard_phones_nor_the_scores(trained):
    engine = load_assessor(trained[0])
    without, with_text = (engine.assess([clip_of(("SEE", "ME"), text=text)])[0] for text in (None, "see me"))

    assert not without.used_reference and without.words == () and without.total == with_text.total
    assert tuple(phone.phone for phone in without.phones) == engine.recognise([clip_of(("SEE", "ME"))])[0]
    assert "no_reference" in [notice.code for notice in without.warnings]


def test_a_clip_gets_the_same_scores_alone_and_in_a_batch(trained):
    engine = load_assessor(trained[0])
    clips = [clip_of(("SEE",) * n, id=str(n), text="see " * n) for n in (1, 4, 2)]

    for clip, batched in zip(clips, engine.assess(clips), strict=True):
        (alone,) = engine.assess([clip])
        assert alone.total.value == pytest.approx(batched.total.value, abs=1e-4)
        assert [phone.heard for phone in alone.phones] == [phone.heard for phone in batched.phones]


def test_a_clip_of_more_than_a_minute_is_refused(trained):
    long = Utterance(id="a", audio=Clip(samples=np.ones(61 * RATE_HZ, np.float32), sample_rate_hz=RATE_HZ))

    with pytest.raises(AudioTooLongError, match="longer than 60 s"):
        load_assessor(trained[0]).assess([long])


def test_saved_weights_are_loaded_unchanged(trained):
    out, _ = trained
    engine = load_assessor(out)

    assert same({k: v.cpu() for k, v in engine._model.state_dict().items()}, weights_of(out))


def test_missing_weights_are_named(trained, root, tmp_path):
    for path in trained[0].glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())

    with pytest.raises(ModelNotFoundError, match=r"model\.safetensors"):
        load_assessor(tmp_path)


def test_frozen_convolutions_keep_their_weights(root, tmp_path):
    run(recipe_of(root, tmp_path / "frozen", epochs=1))
    run(recipe_of(root, tmp_path / "trained", epochs=1, freeze_features=False))
    before = encoder_of("wav2vec2", "group").state_dict()

    def moved(folder):
        after = weights_of(folder)
        return {name for name, value in before.items() if not torch.equal(value, after[f"encoder.{name}"])}

    frozen = {name for name in before if name.startswith("feature_extractor.")}
    assert frozen and not frozen & moved(tmp_path / "frozen") and moved(tmp_path / "frozen")
    assert frozen & moved(tmp_path / "trained")


def test_scores_are_not_learnt_in_the_first_stage(root, tmp_path, monkeypatch):
    asked = []
    real = training.losses_of

    def watched(out, examples):
        losses = real(out, examples)
        if losses.scores.requires_grad:
            losses.scores.register_hook(asked.append)
        return losses

    monkeypatch.setattr(training, "losses_of", watched)
    counts = []
    monkeypatch.setattr(training, "measure", lambda *_: counts.append(len(asked)) or {"pcc": 0.1, "per": 0.5})
    run(recipe_of(root, tmp_path / "out", epochs=3, ctc_epochs=2, report=False))

    assert counts[:2] == [0, 0] and counts[2] > 0


def test_an_interrupted_run_resumes_to_the_same_weights(root, tmp_path, monkeypatch):
    whole = run(recipe_of(root, tmp_path / "whole", epochs=3))
    real, done = training._Training._save_checkpoint, []

    def stop(self):
        real(self)
        done.append(self.epoch)
        if self.epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(training._Training, "_save_checkpoint", stop)
    with pytest.raises(KeyboardInterrupt):
        run(recipe_of(root, tmp_path / "out", epochs=3))
    with pytest.raises(OutputError, match="--resume"):
        run(recipe_of(root, tmp_path / "out", epochs=3))

    assert run(recipe_of(root, tmp_path / "out", epochs=3), resume=True) == whole
    assert done == [1, 2, 3] and same(weights_of(tmp_path / "out"), weights_of(tmp_path / "whole"))
    assert len(list((tmp_path / "out" / "checkpoints").iterdir())) == 1


def test_a_run_is_not_resumed_with_another_recipe(root, tmp_path):
    run(recipe_of(root, tmp_path / "out", epochs=1, report=False))

    with pytest.raises(RecipeError, match="score_weight"):
        run(recipe_of(root, tmp_path / "out", epochs=1, report=False, score_weight=2.0), resume=True)


def test_a_fold_of_the_test_split_can_be_held_out(root, tmp_path):
    run(recipe_of(root, tmp_path / "out", epochs=1, split="all", folds=3, hold_out=1, dev_speakers=0))
    held = json.loads((tmp_path / "out" / "held_out.json").read_text())

    assert held["dev"] == [] and len({name.split("-")[0] for name in held["report"]}) == 1


def test_a_corpus_without_scores_is_refused(root, tmp_path):
    corpus = make_corpus(tmp_path / "corpus", {"train": 3, "test": 1}, clips_each=1)
    path = corpus / "resource" / "scores.json"
    rows = json.loads(path.read_text()).items()
    path.write_text(json.dumps({key: {"text": row["text"], "words": row["words"]} for key, row in rows}))

    with pytest.raises(CorpusError, match=r"has scores in resource/scores\.json.*split=all folds=5"):
        run(recipe_of(root, tmp_path / "out", corpus=corpus))


def test_a_recipe_without_an_epoch_for_scores_is_refused(root, tmp_path):
    path = tmp_path / "recipe.yaml"
    values = json.loads(recipe_of(root, tmp_path / "out").model_dump_json()) | {"ctc_epochs": 2}
    path.write_text(yaml.safe_dump(values))

    done = CliRunner().invoke(app, ["train", str(path)])

    assert done.exit_code == 2 and "ctc_epochs: no epoch is left" in done.output


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_an_error(root, tmp_path):
    with pytest.raises(DeviceError, match="device=cpu"):
        run(recipe_of(root, tmp_path / "out", device="cuda"))


def test_a_dry_run_is_refused(root, tmp_path):
    recipe = recipe_of(root, tmp_path / "out")

    with pytest.raises(RecipeError, match="--dry-run"):
        run(recipe, dry_run=True)
