"""The benchmark from recipes to tables: the official protocol on a whole corpus, a failure, a second run."""

import json
from functools import partial

import pytest
from support.benchmark_cases import benchmark, make_root
from support.command_line import run
from support.tiny_whisper import encoder_config

from enunciate.benchmark.row import _check_folds_cover
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError
from enunciate.metrics.results import Results

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
for package in ("pocketsphinx", "peft", "onnxscript"):
    pytest.importorskip(package)

from enunciate.pocket.training import train_pocket  # noqa: E402


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_root(tmp_path_factory.mktemp("benchmark"))


@pytest.fixture(scope="module", autouse=True)
def small_encoder():
    """Train `pocket` with an encoder that is small enough for a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_pocket, "train", partial(train_pocket.train, config=encoder_config()))
        yield


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


def test_a_table_has_the_correlations_by_rank_and_beyond_the_stopwatch(official):
    out, _, _ = official
    _, _, after = (out / "benchmark.md").read_text().partition("## Beyond the stopwatch, and by rank")
    lines = after.partition("\n## ")[0].splitlines()

    measured = {row["name"]: row["results"] for row in summary_of(out)["rows"] if row["results"]}
    assert "gop-pocketsphinx" in measured
    for name, results in measured.items():
        (line,) = (line for line in lines if line.startswith(f"| {name} |"))
        rank = results["apa"]["total"]["spearman"]
        assert rank is None or f"| {rank:.3f} (" in line


def test_a_row_that_fails_stops_no_other(official):
    out, code, text = official
    (row,) = (row for row in summary_of(out)["rows"] if row["name"] == "gop")

    assert code == 2 and row["status"] == "failed" and row["results"] is None
    assert row["reason"] in json.loads((out / "rows" / "gop" / "error.json").read_text())["error"]
    assert "gop: failed" in text


def test_a_row_that_cannot_be_run_is_listed_with_the_reason(official):
    out, _, _ = official
    (row,) = (row for row in summary_of(out)["rows"] if row["name"] == "folds-alone")
    table, page = (out / "benchmark.md").read_text(), (out / "report.html").read_text()

    assert row["status"] == "unavailable" and "no stages for it in the official protocol" in row["reason"]
    assert "| folds-alone | unavailable |" in table and "folds-alone (unavailable" in page


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
    unseen = json.loads((out / "stages" / "pocket" / "held_out.json").read_text())
    dev = json.loads((out / "stages" / "phi4-lora" / "model" / "held_out.json").read_text())["dev"]

    assert len(marks) == 3
    assert {mark["recipe"].get("split", "train") for mark in marks} == {"train", "official"}
    assert set(unseen) == test
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


def test_weights_that_learnt_from_all_labelled_speakers_are_not_tested_by_folds(root):
    options = ("--corpus", root / "corpus", "--out", root / "folds", "--protocol", "folds")
    result = run("benchmark", *options, "--rows", "pocket", "--override", "pocket:weights=pocket")

    assert result.exit_code == 2
    assert "cannot be tested on them by folds" in " ".join(result.output.split())


def test_a_dry_run_shows_the_plan_and_writes_nothing(root):
    out = root / "dry"
    code, text = benchmark(root, out, "--dry-run")

    assert code == 0 and not out.exists()
    for part in ("gop/model", "missing: nothing", "missing: the plan has no stages for it"):
        assert part in text


def test_folds_that_do_not_cover_the_labelled_utterances_are_refused(root):
    test = load_corpus(root / "corpus", "test")

    with pytest.raises(CorpusError, match="each must be held out exactly once"):
        _check_folds_cover("gop", [test[:4], test[:4]], test)
