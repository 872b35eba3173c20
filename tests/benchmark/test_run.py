"""The benchmark from recipes to tables: the official protocol on a whole corpus, a stop, a failure."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from support.command_line import run
from support.complete_corpus import make_complete_corpus
from support.paths import SOURCE
from support.speech_lm_cases import save_checkpoint
from support.speech_lm_runs import log_of
from support.tone_corpus import make_shard

from enunciate.benchmark.row import _check_folds_cover
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError
from enunciate.metrics.results import Results

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
for package in ("pocketsphinx", "peft", "sklearn"):
    pytest.importorskip(package)

ROWS = ("gop-pocketsphinx", "pocket", "gop", "phi4", "phi4-lora", "nano-lora")
TINY = (
    "device=cpu",
    "workers=1",
    "base:steps=12",
    "recogniser:steps=6",
    "recogniser:folds=2",
    *(
        f"{stage}:{setting}"
        for stage in ("base", "recogniser")
        for setting in (
            "warmup_steps=5",
            "batch_frames=1500",
            "learning_rate=4e-3",
            "time_limit_s=1e6",
            "encoder={width: 48, layers: 1, heads: 2, ff_width: 64, kernel: 7, quality_width: 8}",
        )
    ),
    "pocket:scorer={width: 16, layers: 1, heads: 2, epochs: 3, members: 2, dropout: 0.0}",
    "gop-pocketsphinx:members=2",
    "phi4-lora:precision=fp32",
    "phi4-lora:prompt.rubric=false",
    "phi4-lora:dev_speakers=2",
    "phi4-lora:adapter={strategy: lora, start: fresh, rank: 4, alpha: 8, dropout: 0.0}",
    "phi4-lora:batch_size=4",
    "phi4-lora:accumulation=1",
    "phi4-lora:epochs=1",
    "phi4-lora:log_every=1",
    "phi4-lora:report=false",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A whole corpus, synthetic speech, a checkpoint, and a file that is no encoder."""
    folder = tmp_path_factory.mktemp("benchmark")
    make_complete_corpus(folder / "corpus", {"train": 6, "test": 4}, clips_each=2)
    make_shard(folder / "synthetic", clips=8)
    save_checkpoint(folder / "base")
    (folder / "broken.onnx").write_bytes(b"no encoder")
    return folder


def arguments(root, out, rows, settings):
    """The command, with those settings that a stage of these rows takes: others would be refused."""
    settings = [*settings, f"synthetic={root / 'synthetic'}", f"phi4:weights={root / 'base'}"]
    settings += [f"phi4-lora:model={root / 'base'}", f"gop:encoder={root / 'broken.onnx'}"]
    options = [part for row in rows for part in ("--rows", row)]
    options += [part for setting in settings if taken(setting, rows) for part in ("--override", setting)]
    return ["benchmark", "--corpus", root / "corpus", "--out", out, *options]


def taken(setting, rows):
    target = setting.partition("=")[0].rpartition(":")[0]
    if setting.startswith("synthetic="):
        return "pocket" in rows
    if setting.startswith("workers="):
        return set(rows) != {"phi4-lora"}
    return not target or target in {*rows, *(("base", "recogniser") if "pocket" in rows else ())}


def benchmark(root, out, *more, rows=ROWS, settings=TINY):
    """The exit code, and all that was printed."""
    result = run(*arguments(root, out, rows, settings), *more)
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def official(root):
    out = root / "official"
    code, text = benchmark(root, out)
    assert (out / "benchmark.json").is_file(), text
    return out, code, text


def summary_of(out):
    return json.loads((out / "benchmark.json").read_text())


def test_the_official_protocol_runs_from_recipes_to_tables(official):
    out, _, text = official
    rows = {row["name"]: row for row in summary_of(out)["rows"]}

    done = [name for name, row in rows.items() if row["status"] == "done"]
    assert done == ["gop-pocketsphinx", "pocket", "phi4", "phi4-lora"], text
    for name in done:
        results = Results.model_validate(rows[name]["results"])
        assert results.n_utterances == 8 and results.n_speakers == 4
        assert results.word.n_labelled == results.word.n_words > 0


def test_a_small_corpus_is_not_passed_off_as_the_official_split(official):
    out, _, _ = official

    assert summary_of(out)["is_official_split"] is False
    assert "no metric here is one of the official split" in (out / "benchmark.md").read_text()


def test_a_row_that_fails_stops_no_other(official):
    out, code, text = official
    (row,) = (row for row in summary_of(out)["rows"] if row["name"] == "gop")

    assert code == 2 and row["status"] == "failed" and row["results"] is None
    assert row["reason"] in json.loads((out / "rows" / "gop" / "error.json").read_text())["error"]
    assert "gop: failed" in text


def test_a_row_that_cannot_be_run_is_listed_with_the_reason(official):
    out, _, _ = official
    (row,) = (row for row in summary_of(out)["rows"] if row["name"] == "nano-lora")
    table, page = (out / "benchmark.md").read_text(), (out / "report.html").read_text()

    assert row["status"] == "unavailable" and "no stages for it in the official protocol" in row["reason"]
    assert "| nano-lora | unavailable |" in table and "nano-lora (unavailable" in page


def test_rows_are_compared_in_pairs(official):
    out, _, _ = official
    pairs = summary_of(out)["paired"]

    assert {p["row"] for p in pairs if p["role"] == "first"} == {"pocket", "phi4", "phi4-lora"}
    assert {p["against"] for p in pairs if p["role"] == "first"} == {"gop-pocketsphinx"}
    assert all(pair["comparison"]["n_utterances"] == 8 for pair in pairs)
    assert "Against gop-pocketsphinx, the first row" in (out / "benchmark.md").read_text()


def test_nothing_was_trained_on_the_test_split(official, root):
    out, _, _ = official
    test = {utterance.id for utterance in load_corpus(root / "corpus", "test")}
    marks = [json.loads(path.read_text()) for path in (out / "stages").rglob("*.done.json")]
    folds = [
        json.loads(path.read_text()) for path in (out / "stages" / "recogniser").glob("folds/*/held_out.json")
    ]
    dev = json.loads((out / "stages" / "phi4-lora" / "model" / "held_out.json").read_text())["dev"]

    assert len(marks) == 5
    assert {mark["recipe"].get("split", "train") for mark in marks} == {"train", "none"}
    assert len(folds) == 2 and not test & {name for fold in folds for name in fold}
    assert dev and not test & set(dev)


def test_stages_that_are_done_are_not_trained_again(official, root):
    out, _, _ = official
    paths = [path for path in (out / "stages").rglob("*") if path.is_file() and "/gop/" not in str(path)]
    before = {path: path.stat().st_mtime_ns for path in paths}
    code, text = benchmark(root, out)

    assert code == 2 and "training" not in text.replace("gop/model: training", "")
    assert {path: path.stat().st_mtime_ns for path in paths} == before


def test_a_stage_that_was_done_with_other_settings_is_refused(official, root):
    out, _, _ = official
    code, _ = benchmark(root, out, rows=("gop-pocketsphinx",), settings=("gop-pocketsphinx:ridge=3",))
    (row,) = summary_of(out)["rows"]

    assert code == 2 and "ridge: 20.0 then, 3.0 now" in row["reason"]


def test_protocols_never_share_a_folder(official, root):
    code, text = benchmark(root, official[0], "--protocol", "folds", rows=("gop-pocketsphinx",), settings=())

    assert code == 2 and "another protocol" in text


def test_a_killed_run_resumes_from_the_trainers_own_checkpoint(root):
    """The process is killed in training; the steps before its checkpoint are not trained again."""
    out, rows = root / "killed", ("phi4-lora",)
    settings = (*TINY, "phi4-lora:save_every=2", "phi4-lora:epochs=8")
    command = [sys.executable, "-m", "enunciate", *map(str, arguments(root, out, rows, settings))]
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    model = out / "stages" / "phi4-lora" / "model"
    while not list(model.glob("checkpoints/*/complete.json")):
        assert process.poll() is None, "it ended before its first checkpoint"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not model.with_name("model.done.json").exists(), "it was killed before the end"
    first = log_of(model, "loss")

    code, text = benchmark(root, out, rows=rows, settings=settings)
    steps = [line["step"] for line in log_of(model, "loss")]

    assert code == 0, text
    assert steps == sorted(set(steps)) and len(steps) > len(first), "one line per step, over both runs"
    assert [line for line in log_of(model, "loss") if line["step"] == 1] == first[:1], "that of the first run"


def test_a_dry_run_shows_the_plan_and_writes_nothing(root):
    out = root / "dry"
    code, text = benchmark(root, out, "--dry-run")

    assert code == 0 and not out.exists()
    for part in ("pocket/model", "missing: nothing", "missing: the plan has no stages for it"):
        assert part in text


def test_folds_that_do_not_cover_the_labelled_utterances_are_refused(root):
    test = load_corpus(root / "corpus", "test")

    with pytest.raises(CorpusError, match="each must be held out exactly once"):
        _check_folds_cover("gop", [test[:4], test[:4]], test)
