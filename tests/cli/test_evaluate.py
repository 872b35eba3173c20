"""`enunciate evaluate`, with an engine that has no weights and a corpus of two clips."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from support.annotated_corpora import write_epadb, write_l2arctic
from support.command_line import error_line, run
from support.fake_assessor import FakeAssessor, write_clip
from support.paths import EXAMPLES


def test_evaluate_needs_a_corpus(fake: FakeAssessor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENUNCIATE_CORPUS", raising=False)
    assert "--corpus" in run("evaluate", "--out", tmp_path).stderr
    monkeypatch.setenv("ENUNCIATE_CORPUS", str(tmp_path / "none"))
    assert "there is no" in error_line(run("evaluate", "--out", tmp_path))


def test_evaluate_names_the_missing_extra(
    fake: FakeAssessor, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    message = error_line(run("evaluate", "--corpus", corpus, "--out", tmp_path / "out"))
    assert "pip install 'enunciate[eval]'" in message


def test_evaluate_writes_and_shows_the_metrics(fake: FakeAssessor, corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    pytest.importorskip("kaldialign")
    result = run("evaluate", "--corpus", corpus, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 utterances of 2 speakers, 0 failed")
    assert json.loads((tmp_path / "out" / "results.json").read_text())["n_utterances"] == 2


def test_only_evaluates_a_part_of_a_corpus(fake: FakeAssessor, corpus: Path, tmp_path: Path) -> None:
    everything = run("evaluate", "--corpus", corpus, "--out", tmp_path / "all")
    assert everything.exit_code == 0, everything.output
    first = json.loads((tmp_path / "all" / "predictions.jsonl").read_text().splitlines()[0])["id"]
    (tmp_path / "held_out.json").write_text(json.dumps({"dev": [], "report": [first]}))
    options = ("evaluate", "--corpus", corpus, "--only", tmp_path / "held_out.json", "--out")
    assert run(*options, tmp_path / "part").stdout.startswith("1 utterance of 1 speaker")
    (tmp_path / "held_out.json").write_text('["nobody"]')
    assert "such as nobody" in error_line(run(*options, tmp_path / "none"))


@pytest.mark.parametrize("options", [(), ("--corpus-kind", "l2arctic")])
def test_a_corpus_of_another_kind_is_recognised(
    fake: FakeAssessor, tmp_path: Path, options: tuple[str, ...]
) -> None:
    pytest.importorskip("praatio")
    words = [("i", ["AY1"]), ("think", ["TH,S,s", "IH1", "NG", "K"])]
    for speaker in ("NJS", "TNI", "ABA"):
        write_l2arctic(tmp_path / "corpus", speaker, "arctic_a0001", "I think", words)
    result = run("evaluate", "--corpus", tmp_path / "corpus", *options, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (results["n_utterances"], results["n_speakers"]) == (2, 2)
    assert results["apa"]["total"]["n"] == 0
    counts = ("true_positives", "false_positives", "false_negatives", "true_accepts")
    assert [results["mdd"][count] for count in counts] == [2, 0, 0, 8]


def test_epadb_has_scores_to_agree_with(fake: FakeAssessor, tmp_path: Path) -> None:
    pytest.importorskip("praatio")
    labels = "S S +\nOW OW +"
    for n, score in enumerate(("5/5", "3/5", "4/5"), start=1):
        write_epadb(tmp_path / "corpus", "test", f"spkr{n}_1", [("so", ["S", "OW"])], labels, score)
    result = run("evaluate", "--corpus", tmp_path / "corpus", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    total = json.loads((tmp_path / "out" / "results.json").read_text())["apa"]["total"]
    assert total["n"] == 3
    assert total["mse"] == pytest.approx(((10 - 4.5) ** 2 + (6 - 4.5) ** 2 + (8 - 4.5) ** 2) / 3)


def test_a_table_of_scores_takes_the_place_of_a_corpus(
    fake: FakeAssessor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENUNCIATE_CORPUS", str(tmp_path / "none"))
    for name in ("a", "b"):
        write_clip(tmp_path / f"{name}.wav")
    (tmp_path / "mine.csv").write_text("audio,text,total\na.wav,I think so,5\nb.wav,so,6\n")
    result = run("evaluate", "--labels", tmp_path / "mine.csv", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (results["apa"]["total"]["n"], results["apa"]["accuracy"]["n"]) == (2, 0)
    assert (results["phone"]["n"], results["mdd"]["f1"]) == (0, None)
    shutil.copytree(tmp_path / "out", tmp_path / "other")
    compared = run("compare", tmp_path / "out", tmp_path / "other", "--corpus", tmp_path / "mine.csv")
    assert "2 utterances of 2 speakers, assessed by both" in compared.stdout, compared.output


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Speechocean762 in little: two clips that say "I", in the test split."""
    root = tmp_path / "corpus"
    (root / "test").mkdir(parents=True)
    (root / "resource").mkdir()
    tables: dict[str, list[str]] = {"wav.scp": [], "text": [], "utt2spk": [], "spk2age": [], "spk2gender": []}
    labels = {}
    for n in (1, 2):
        write_clip(root / f"{n}.wav")
        tables["wav.scp"].append(f"u{n}\t{n}.wav")
        tables["text"].append(f"u{n}\tI")
        tables["utt2spk"].append(f"u{n}\ts{n}")
        tables["spk2age"].append(f"s{n}\t20")
        tables["spk2gender"].append(f"s{n}\tf")
        word = {
            "text": "I",
            "phones": ["AY0"],
            "phones-accuracy": [2],
            "accuracy": 9,
            "stress": 10,
            "total": 9,
        }
        scores = dict.fromkeys(("accuracy", "fluency", "prosodic", "total"), 4 + n)
        labels[f"u{n}"] = {"text": "I", "words": [word], "completeness": 10, **scores}
    for name, lines in tables.items():
        (root / "test" / name).write_text("\n".join(lines) + "\n")
    (root / "resource" / "scores.json").write_text(json.dumps(labels))
    return root


def test_the_example_of_another_system_runs(tone_corpus: Path, tmp_path: Path) -> None:
    for package in ("scipy", "kaldialign", "jiwer"):
        pytest.importorskip(package)
    command = f"{sys.executable} {EXAMPLES / 'other_system.py'} {{manifest}} {{out}}"
    result = run("evaluate", "--corpus", tone_corpus, "--out", tmp_path, "--system", command)
    assert result.exit_code == 0, result.output
    results = json.loads((tmp_path / "results.json").read_text())
    assert (results["models"], results["n_failed"]) == (["fast is good 1"], 0)
    assert results["apa"]["fluency"]["n"] == results["n_utterances"] == 9


def test_the_answers_of_another_system_are_measured_as_an_engine_is(
    fake: FakeAssessor, corpus: Path, tmp_path: Path
) -> None:
    for package in ("scipy", "kaldialign", "jiwer"):
        pytest.importorskip(package)
    assert run("evaluate", "--corpus", corpus, "--out", tmp_path / "own").exit_code == 0
    rows = map(json.loads, (tmp_path / "own" / "predictions.jsonl").read_text().splitlines())
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(f"{json.dumps(row['assessment'])}\n" for row in rows))
    options = ("evaluate", "--corpus", corpus, "--answers", answers)
    result = run(*options, "--out", tmp_path / "theirs")
    assert result.exit_code == 0, result.output
    own, theirs = (json.loads((tmp_path / name / "results.json").read_text()) for name in ("own", "theirs"))
    for part in ("apa", "phone", "mdd"):
        assert own[part] == theirs[part]
    refused = run(*options, "--system", "x {manifest} {out}", "--out", tmp_path / "both")
    assert "either --system or --answers" in refused.stderr
