"""Reports of tables of results: the metrics are those of an evaluation, at any size."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from support.command_line import run
from support.evaluation_cases import make_assessment, make_corpus

from enunciate.errors import OutputError
from enunciate.evaluation.report.system_names import named_paths
from enunciate.exports.csv_table import write_csv
from enunciate.exports.level import Level
from enunciate.exports.parquet import write_parquet
from enunciate.metrics.agreement import agreement as agreement_of
from enunciate.metrics.agreement import human_score, predicted_score
from enunciate.metrics.pairs import Evaluated
from enunciate.results_report import agreement
from enunciate.results_report.agreement import score_agreement, speaker_codes
from enunciate.results_report.clip_table import ClipTable
from enunciate.results_report.page import results_html
from enunciate.schema import Assessment, ClipError, Failure, Notice

for package in ("duckdb", "pyarrow", "scipy", "kaldialign"):
    pytest.importorskip(package)

UTTERANCES = make_corpus()
FAILED = "0-3"


def rows() -> list[Assessment | Failure]:
    """Assessments that miss the human score by up to one point; one clip has failed."""
    made: list[Assessment | Failure] = []
    for number, utterance in enumerate(UTTERANCES):
        assert utterance.scores and utterance.scores.total is not None
        value = min(10, max(0, utterance.scores.total + (0.0, 1.0, -1.0)[number % 3]))
        heard: dict[int, str | None] = {0: "T"} if number % 2 else {1: None}
        one = make_assessment(utterance, value=value, heard=heard)
        made.append(one.model_copy(update={"duration_s": 1 + number / 10, "snr_db": 5.0 + 3 * number}))
    loud = made[0].model_copy(update={"warnings": (Notice(code="clipping", message="it is too loud"),)})
    failure = Failure(id=FAILED, audio=None, error=ClipError(code="audio_silent", message="no sound"))
    return [loud, *(failure if one.id == FAILED else one for one in made[1:])]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Parts of results, the table of their phones, and labels in another order and with one more clip."""
    made = rows()
    (tmp_path / "results").mkdir()
    write_parquet(made[:10], Level.UTTERANCES, tmp_path / "results" / "part-00000.parquet")
    write_parquet(made[10:], Level.UTTERANCES, tmp_path / "results" / "part-00001.parquet")
    write_parquet(made, Level.PHONES, tmp_path / "phones.parquet")
    write_csv(made, Level.UTTERANCES, tmp_path / "results.csv")
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["audio", "speaker", "age", "first_language", "total"])
        for one in reversed(UTTERANCES):
            assert one.scores
            language = "Thai" if one.speaker == "speaker1" else ""
            table.writerow(
                [one.id, one.speaker, 9 if one.speaker == "speaker2" else "", language, one.scores.total]
            )
        table.writerow(["another", "x", 30, "Urdu", 5])
    return tmp_path


def test_agreement_with_people_is_that_of_an_evaluation(folder: Path) -> None:
    table = ClipTable("a", folder / "results", folder / "labels.csv")
    answers = {row.id: row for row in rows() if isinstance(row, Assessment)}
    pairs = [Evaluated(one, answers.get(one.id), None) for one in UTTERANCES]
    wanted = agreement_of(
        [human_score(pair, "total") for pair in pairs],
        [predicted_score(pair, "total") for pair in pairs],
        [pair.speaker for pair in pairs],
        10,
    )
    found = score_agreement(table, "total")
    assert found is not None
    assert (found.n, found.pcc, found.spearman, found.mse) == pytest.approx(
        (wanted.n, wanted.pcc, wanted.spearman, wanted.mse)
    )
    assert found.pcc_ci95 == pytest.approx(wanted.ci95)
    assert found.spearman_ci95 == pytest.approx(wanted.spearman_ci95)
    assert found.coverage == 1  # the intervals are one point wide on both sides
    assert score_agreement(table, "fluency") is None


def test_csv_and_parquet_are_the_same_table(folder: Path) -> None:
    parquet, text = (
        ClipTable("a", folder / name, folder / "labels.csv").columns for name in ("results", "results.csv")
    )
    assert parquet.keys() == text.keys()
    n_clips = len(UTTERANCES)
    for name, column in parquet.items():
        assert column.shape == (n_clips,)
        assert np.array_equal(np.sort(column), np.sort(text[name]), equal_nan=True), name


def test_speakers_are_numbered_and_a_clip_without_one_has_one_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(set(speaker_codes(ClipTable("a", folder / "results", folder / "labels.csv")).tolist())) == 6
    alone = ClipTable("a", folder / "results")
    assert len(set(speaker_codes(alone).tolist())) == len(UTTERANCES)
    monkeypatch.setattr(agreement, "MOST_SPEAKERS", 3)  # more are joined into so many groups
    assert set(speaker_codes(alone).tolist()) <= {0, 1, 2}


def test_the_page_says_what_was_expected_and_heard_and_what_each_group_got(folder: Path) -> None:
    page = results_html(
        [ClipTable("mine", folder / "results", folder / "labels.csv", folder / "phones.parquet")]
    )
    assert "<h2>mine</h2>" in page
    assert "K → T" in page and "AE → ∅" in page
    assert ">expected</text>" in page and ">heard</text>" in page
    for name in ("words of the text", "signal-to-noise ratio", "age", "first language"):
        assert f"<caption>By {name}</caption>" in page
    assert "Thai" in page and "Urdu" not in page  # a label without a result is no clip
    assert "By gender" not in page
    assert "audio_silent" in page and "clipping" in page
    assert "Spearman" in page and "beyond the stopwatch" in page
    assert "nan" not in page


def test_labels_in_json_lines_are_those_in_csv(folder: Path) -> None:
    with (folder / "labels.csv").open(newline="") as file:
        lines = [json.dumps({k: v for k, v in row.items() if v}) for row in csv.DictReader(file)]
    (folder / "labels.jsonl").write_text("\n".join(lines))
    given = [ClipTable("a", folder / "results", folder / f"labels{suffix}") for suffix in (".csv", ".jsonl")]
    csv_total, json_total = (table.columns["human_total"] for table in given)
    assert np.isfinite(csv_total).any()
    np.testing.assert_array_equal(csv_total, json_total)


def test_results_without_labels_have_a_page_of_their_scores(folder: Path) -> None:
    page = results_html([ClipTable("one", folder / "results"), ClipTable("two", folder / "results.csv")])
    assert "<h2>one</h2>" in page and "<h2>two</h2>" in page
    assert "Agreement with people" not in page and "human mean" not in page


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "id,text\na,b\n", "no column 'model'.*--level utterances"),
        ("a.parquet", "id,text\n", "cannot be read as a table"),
    ],
)
def test_another_table_is_refused(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(OutputError, match=message):
        ClipTable("a", tmp_path / name)


def test_labels_without_a_key_and_labels_with_a_clip_twice_are_refused(folder: Path) -> None:
    (folder / "keyless.csv").write_text("speaker,total\na,5\n")
    with pytest.raises(OutputError, match="neither a column 'id' nor 'audio'"):
        ClipTable("a", folder / "results", folder / "keyless.csv")
    (folder / "twice.csv").write_text("id,total\na,5\na,6\n")
    with pytest.raises(OutputError, match="1 rows with the id of another"):
        ClipTable("a", folder / "results", folder / "twice.csv")


def test_systems_have_the_names_that_they_are_given(tmp_path: Path) -> None:
    (tmp_path / "x=y").mkdir()
    given = ["pocket=runs/a/test", "runs/b/test", "runs/c/test", str(tmp_path / "x=y")]
    assert list(named_paths(given)) == ["pocket", "b/test", "c/test", f"{tmp_path.name}/x=y"]
    assert named_paths(["a=b=c"]) == {"a": Path("b=c")}
    for twice in (["a=x", "a=y"], ["x", "x"], ["a=x", "a"]):
        with pytest.raises(OutputError, match=r"have the name a|given twice"):
            named_paths(twice)


def test_the_command_tells_tables_from_evaluated_systems(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "report.html"
    results, labels = folder / "results", folder / "labels.csv"
    done = run("report", f"mine={results}", "--labels", labels, "--html", page)
    assert done.exit_code == 0, done.output
    assert "<h2>mine</h2>" in page.read_text("utf-8")

    def refused(*arguments: object) -> str:
        result = run("report", *arguments, "--html", tmp_path / "r.html")
        assert result.exit_code == 2
        return " ".join(result.output.split())

    assert "not both" in refused(results, tmp_path / "evaluated", "--corpus", tmp_path)
    assert "need --corpus" in refused(tmp_path / "evaluated")
    assert "go with tables" in refused(tmp_path / "evaluated", "--corpus", tmp_path, "--labels", labels)
    phones = folder / "phones.parquet"
    assert "of one system" in refused(f"a={results}", f"b={results}", "--phones", phones)
