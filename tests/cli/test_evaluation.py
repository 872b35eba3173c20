"""The commands `report` and `compare`, end to end on a small corpus of chords."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.fake_assessor import assessment_of
from support.tone_corpus import make_corpus
from typer.testing import CliRunner

from enunciate.cli.app import app
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.evaluation.report import charts, pdf
from enunciate.evaluation.run import evaluate
from enunciate.schema import PhoneQuality, PhoneResult, Score, WordResult

pytest.importorskip("scipy")
pytest.importorskip("kaldialign")
pytest.importorskip("jiwer")


class WordsAssessor:
    """Gives the phones of the reference, with scores that lie off by so much."""

    batch_size = 16

    def __init__(self, off: float) -> None:
        self.off = off

    def assess(self, utterances):
        return [self._assess(utterance) for utterance in utterances]

    def recognise(self, utterances):
        return [("S", "IY") for _ in utterances]

    def _assess(self, utterance):
        value = max(0.0, utterance.scores.total + self.off)
        score = Score(value=value, low=max(0, value - 1), high=min(10, value + 1))
        words = tuple(
            WordResult(
                text=word.text,
                start_s=None,
                end_s=None,
                score=score,
                error="none",
                phones=tuple(phone_of(p, s) for p, s in zip(word.phones, word.phone_scores, strict=True)),
            )
            for word in utterance.words
        )
        update = dict.fromkeys(("accuracy", "fluency", "prosodic", "total"), score)
        update |= {"words": words, "phones": tuple(p for word in words for p in word.phones)}
        bare = assessment_of(utterance.model_copy(update={"text": None}), 1.0, f"off by {self.off}")
        return bare.model_copy(update=update)


def phone_of(phone: str, score: float) -> PhoneResult:
    return PhoneResult(
        phone=phone,
        start_s=None,
        end_s=None,
        heard=phone if score else "K",
        heard_probability=0.5,
        score=PhoneQuality(value=score, low=0, high=2),
        mispronounced=not score,
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("tones"), {"test": 3, "train": 1}, clips_each=3)


@pytest.fixture(scope="module")
def outs(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("outs")
    utterances = load_corpus(corpus, "test")
    for off in (0.0, -2.0):
        evaluate(WordsAssessor(off), utterances, folder / f"off{off:g}")
    return folder / "off0", folder / "off-2"


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_report_writes_one_page_of_all_systems(corpus: Path, outs: tuple[Path, Path], tmp_path: Path):
    page = tmp_path / "report.html"
    result = run("report", *outs, "--corpus", corpus, "--html", page)
    assert result.exit_code == 0, result.output
    text = page.read_text(encoding="utf-8")
    assert "<h2>off0</h2>" in text and "<h2>off-2</h2>" in text
    assert text.count("<audio") == 18  # every clip, of both


def test_compare_shows_and_prints_the_same(corpus: Path, outs: tuple[Path, Path]):
    shown = run("compare", *outs, "--corpus", corpus)
    assert shown.exit_code == 0, shown.output
    assert "A: off0 (off by 0.0), 0 failed" in shown.stdout
    assert "9 utterances of 3 speakers, assessed by both" in shown.stdout
    found = json.loads(run("compare", *outs, "--corpus", corpus, "--json").stdout)
    assert found["differences"]["apa.total.mse"]["better"] == "A"
    assert found["differences"]["mdd.f1"]["difference"] == 0


def message(result) -> str:
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


def test_what_is_no_finished_run_is_refused(corpus: Path, outs: tuple[Path, Path], tmp_path: Path):
    options = ("--corpus", corpus, "--html", tmp_path / "r.html")
    assert "has no predictions.jsonl" in message(run("report", tmp_path, *options))
    shutil.copy(outs[0] / "predictions.jsonl", tmp_path)
    assert "its run was not ended" in message(run("report", tmp_path, *options))
    (tmp_path / "results.json").write_text("{}")
    assert run("report", tmp_path, *options).exit_code == 0
    (tmp_path / "predictions.jsonl").write_text('{"id": "half')
    assert "line 1 is not a prediction" in message(run("report", tmp_path, *options))
    assert (tmp_path / "predictions.jsonl").read_text() == '{"id": "half'  # a report changes nothing
    (tmp_path / "predictions.jsonl").write_text("")
    assert "is empty" in message(run("report", tmp_path, *options))


def test_clips_of_another_corpus_and_a_folder_given_twice_are_refused(
    corpus: Path, outs: tuple[Path, Path], tmp_path: Path
):
    other = make_corpus(tmp_path / "other", {"test": 1}, clips_each=2)
    options = ("--html", tmp_path / "r.html", "--corpus")
    assert "are not in this corpus" in message(run("report", outs[0], *options, other))
    assert "given twice" in message(run("compare", outs[0], outs[0], "--corpus", corpus))


def test_folders_of_one_name_are_told_apart_by_their_parents(corpus: Path, outs, tmp_path: Path):
    for parent in ("x", "y"):
        shutil.copytree(outs[0], tmp_path / parent / "out")
    result = run("compare", tmp_path / "x" / "out", tmp_path / "y" / "out", "--corpus", corpus)
    assert "A: x/out" in result.stdout and "B: y/out" in result.stdout


def test_without_a_browser_pdf_says_what_to_do_before_any_work(
    corpus: Path, outs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pdf.shutil, "which", lambda _: None)
    page = tmp_path / "r.html"
    options = ("--corpus", corpus, "--html", page, "--pdf", tmp_path / "r.pdf")
    assert "needs Chromium, Chrome or Edge" in message(run("report", outs[0], *options))
    assert not page.exists()


def test_a_browser_that_fails_is_reported(tmp_path: Path):
    page = tmp_path / "r.html"
    page.write_text("<p>x</p>")
    with pytest.raises(pdf.PdfError, match="wrote no PDF"):
        pdf.print_pdf(page, tmp_path / "r.pdf", shutil.which("true") or "true")
    with pytest.raises(pdf.PdfError, match="cannot print"):
        pdf.print_pdf(page, tmp_path / "r.pdf", str(tmp_path / "nothing"))


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, pdf.BROWSERS)), reason="no browser of the Chromium kind")
def test_a_browser_prints_the_page(tmp_path: Path):
    page = tmp_path / "r.html"
    page.write_text("<p>x</p>")
    pdf.print_pdf(page, tmp_path / "r.pdf", pdf.find_browser())
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")


def test_axes_put_values_where_they_belong():
    axis = charts.score_axis("x")
    assert axis.place(5.0, 0, 100) == 50
    assert axis.place(12.0, 100, 0) == 0  # beyond the axis: on its end
