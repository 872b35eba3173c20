"""The rows of a benchmark on other corpora."""

import json
import sys
from pathlib import Path

import pytest
from support.annotated_corpora import write_l2arctic
from support.command_line import error_line, run
from support.complete_corpus import make_complete_corpus
from support.paths import REPOSITORY

for package in ("scipy", "kaldialign", "jiwer", "matplotlib"):
    pytest.importorskip(package)

SYSTEM = f"mine={sys.executable} {REPOSITORY / 'examples' / 'other_system.py'} {{manifest}} {{out}}"
WORDS = [("we", ["W", "IY1"]), ("think", ["TH, S, s", "IH1", "NG", "K"])]


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    make_complete_corpus(tmp_path / "here", {"train": 2, "test": 2}, clips_each=1)
    for speaker in ("NJS", "TLV", "ABA"):
        write_l2arctic(tmp_path / "there", speaker, "arctic_a0001", "We think", WORDS)
    return tmp_path


def benchmark(root: Path, *more: object):
    return run(
        *("benchmark", "--corpus", root / "here", "--out", root / "out", "--rows", "mine"),
        *("--system", SYSTEM, "--test-on", root / "there", *more),
    )


def test_a_row_is_tested_on_the_test_split_of_another_corpus(corpora: Path) -> None:
    (corpora / "answers.jsonl").write_text('{"id": "test0-0", "total": 5}\n')
    result = benchmark(corpora, "--answers", f"theirs={corpora / 'answers.jsonl'}")
    assert result.exit_code == 0, result.output
    mine, theirs = json.loads((corpora / "out" / "benchmark.json").read_text())["elsewhere"]
    assert (mine["row"], mine["corpus"], mine["results"]["n_utterances"]) == ("mine", "there", 2)
    assert mine["results"]["mdd"]["false_negatives"] == 2
    assert (theirs["row"], theirs["results"]) == ("theirs", None)
    assert "answers for the clips of the benchmark" in theirs["reason"]
    _, _, table = (corpora / "out" / "benchmark.md").read_text().partition("## On other corpora")
    assert "| there | mine | - |" in table
    assert "| 0 of 2 |" in table
    assert (corpora / "out" / "rows" / "mine" / "elsewhere" / "there" / "results.json").is_file()


def test_two_corpora_of_one_name_are_refused(corpora: Path) -> None:
    result = benchmark(corpora, "--test-on", corpora / "there")
    assert result.exit_code == 2
    assert "two corpora have the same name" in result.stderr


def test_a_folder_that_is_no_corpus_is_refused_before_any_work(corpora: Path) -> None:
    result = benchmark(corpora, "--test-on", corpora / "out")
    assert "there is no" in error_line(result)
    assert not (corpora / "out").exists()


def test_without_training_any_corpus_is_the_corpus_of_a_benchmark(corpora: Path) -> None:
    def compared(*options: object):
        given = ("--corpus", corpora / "there", "--out", corpora / "untrained", "--system", SYSTEM, *options)
        return run("benchmark", *given)

    refused = error_line(compared("--rows", "mine"))
    assert "is not Speechocean762" in refused and "--protocol untrained" in refused
    result = compared("--rows", "mine", "--rows", "gop", "--protocol", "untrained")
    assert result.exit_code == 0, result.output
    gop, mine = sorted(json.loads((corpora / "untrained" / "benchmark.json").read_text())["rows"], key=str)
    assert "--override gop:weights=FOLDER" in gop["reason"]
    assert (mine["status"], mine["results"]["mdd_of_sequences_with_text"]["false_negatives"]) == ("done", 2)
    table = (corpora / "untrained" / "benchmark.md").read_text()
    assert table.startswith("# Benchmark: systems as they are\n")
    assert "Nothing was trained here" in table and "official split" not in table


def test_a_table_of_labels_stands_in_place_of_a_corpus_where_nothing_is_trained(corpora: Path) -> None:
    clip = min((corpora / "there").rglob("*.wav"))
    labels = corpora / "labels.jsonl"
    labels.write_text(
        json.dumps({"audio": str(clip), "text": "I think", "phones": "AY | TH IH NG K", "total": 7}) + "\n"
    )
    given = ("benchmark", "--labels", labels, "--out", corpora / "labelled", "--system", SYSTEM)
    refused = run(*given, "--rows", "mine")
    assert refused.exit_code == 2
    assert "--test-on" in refused.stderr and "--protocol untrained" in refused.stderr
    result = run(*given, "--rows", "mine", "--protocol", "untrained")
    assert result.exit_code == 0, result.output
    assert "Tested on 1 labelled utterances" in (corpora / "labelled" / "benchmark.md").read_text()
