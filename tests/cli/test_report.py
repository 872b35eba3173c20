"""`enunciate report`, on a small corpus of chords."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.command_line import run
from support.tone_corpus import make_corpus

from enunciate.evaluation.report import pdf


def test_one_page_holds_all_systems(tone_corpus: Path, evaluated: tuple[Path, Path], tmp_path: Path):
    page = tmp_path / "report.html"
    result = run("report", *evaluated, "--corpus", tone_corpus, "--html", page)
    assert result.exit_code == 0, result.output
    text = page.read_text(encoding="utf-8")
    assert "<h2>off0</h2>" in text and "<h2>off-2</h2>" in text
    assert text.count("<audio") == 18  # every clip, of both


def message(result) -> str:
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


def test_an_unfinished_run_is_refused(tone_corpus: Path, evaluated: tuple[Path, Path], tmp_path: Path):
    options = ("--corpus", tone_corpus, "--html", tmp_path / "r.html")
    assert "has no predictions.jsonl" in message(run("report", tmp_path, *options))
    shutil.copy(evaluated[0] / "predictions.jsonl", tmp_path)
    assert "its run did not finish" in message(run("report", tmp_path, *options))
    (tmp_path / "results.json").write_text("{}")
    assert run("report", tmp_path, *options).exit_code == 0
    (tmp_path / "predictions.jsonl").write_text('{"id": "half')
    assert "line 1 is not a prediction" in message(run("report", tmp_path, *options))
    assert (tmp_path / "predictions.jsonl").read_text() == '{"id": "half'  # a report changes nothing
    (tmp_path / "predictions.jsonl").write_text("")
    assert "is empty" in message(run("report", tmp_path, *options))


def test_clips_of_another_corpus_and_a_folder_given_twice_are_refused(
    tone_corpus: Path, evaluated: tuple[Path, Path], tmp_path: Path
):
    other = make_corpus(tmp_path / "other", {"test": 1}, clips_each=2)
    options = ("--html", tmp_path / "r.html", "--corpus")
    assert "are not in this corpus" in message(run("report", evaluated[0], *options, other))
    assert "given twice" in message(run("compare", evaluated[0], evaluated[0], "--corpus", tone_corpus))


def test_without_a_browser_a_pdf_is_refused_before_any_work(
    tone_corpus: Path, evaluated: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pdf.shutil, "which", lambda _: None)
    page = tmp_path / "r.html"
    options = ("--corpus", tone_corpus, "--html", page, "--pdf", tmp_path / "r.pdf")
    assert "needs Chromium, Chrome or Edge" in message(run("report", evaluated[0], *options))
    assert not page.exists()
