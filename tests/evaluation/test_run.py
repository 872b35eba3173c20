"""A run over a corpus: bad clips, stops and resumption, and the files on disk."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.evaluation_cases import make_assessment, make_corpus

from enunciate.errors import (
    AudioSilentError,
    CorpusError,
    MissingExtraError,
    OutputError,
    TextTooLongError,
)
from enunciate.evaluation.run import evaluate
from enunciate.metrics.results import Results
from enunciate.schema import Assessment, Utterance

CORPUS = make_corpus(n_speakers=10, per_speaker=4)
BATCH_SIZE = 16


class FakeAssessor:
    """Scores by the position of the clip in the corpus, refuses chosen clips, and keeps a list."""

    batch_size = BATCH_SIZE

    def __init__(self, silent: Sequence[str] = (), name: str = "fake 1") -> None:
        self.name = name
        self.silent = set(silent)
        self.unrecognisable: set[str] = set()
        self.stop_before: str | None = None
        self.assessed: list[str] = []

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        for utterance in utterances:
            if utterance.id in self.silent:
                raise AudioSilentError(f"{utterance.id}.wav: nothing is loud enough to be speech")
            if utterance.id == self.stop_before:
                raise KeyboardInterrupt
        self.assessed += [utterance.id for utterance in utterances]
        return [make_assessment(u, value=score_of(u), model=self.name) for u in utterances]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        for utterance in utterances:
            if utterance.id in self.silent:
                raise AudioSilentError(utterance.id)
            if utterance.id in self.unrecognisable:
                raise TextTooLongError("too much")
        return [("K", "AE", "T") for _ in utterances]


def score_of(utterance: Utterance) -> float:
    return [u.id for u in CORPUS].index(utterance.id) * 7 % 11 * 0.9


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]


def test_a_run_writes_a_row_per_utterance_and_the_results(tmp_path: Path) -> None:
    assert len(CORPUS) > 2 * BATCH_SIZE
    assessor = FakeAssessor()
    results = evaluate(assessor, CORPUS, tmp_path / "new" / "out")
    written = rows(tmp_path / "new" / "out")
    assert [row["id"] for row in written] == [u.id for u in CORPUS] == assessor.assessed
    assert list(written[0]) == ["id", "speaker", "assessment", "free_phones", "error"]
    assert Assessment.model_validate(written[0]["assessment"]) == assessor.assess(CORPUS[:1])[0]
    assert (written[0]["speaker"], written[0]["free_phones"], written[0]["error"]) == (
        "speaker0",
        ["K", "AE", "T"],
        None,
    )
    on_disk = (tmp_path / "new" / "out" / "results.json").read_text()
    assert Results.model_validate_json(on_disk) == results
    assert (results.n_utterances, results.n_failed, results.models) == (40, 0, ("fake 1",))
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == {
        "predictions.jsonl",
        "results.json",
    }


def test_an_engine_need_not_be_told_the_text_and_is_measured_on_it_all_the_same(tmp_path: Path) -> None:
    class Blind(FakeAssessor):
        def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
            assert all(u.text is None and u.words is None for u in utterances)
            told = {u.id: u for u in CORPUS}
            return [
                one.model_copy(update={"used_reference": False, "words": ()})
                for one in super().assess([told[u.id] for u in utterances])
            ]

    assert CORPUS[0].text
    results = evaluate(Blind(), CORPUS, tmp_path, with_text=False)
    assert results.apa.total.n == len(CORPUS)
    assert results.recognition is not None


def test_assessments_without_the_text_are_not_mixed_with_others(tmp_path: Path) -> None:
    evaluate(FakeAssessor(), CORPUS, tmp_path)
    with pytest.raises(OutputError, match="used the reference text"):
        evaluate(FakeAssessor(), CORPUS, tmp_path, with_text=False)


def test_a_bad_clip_is_a_row_with_its_error_and_stops_no_other(tmp_path: Path) -> None:
    bad = [CORPUS[3].id, CORPUS[20].id, CORPUS[21].id]
    results = evaluate(FakeAssessor(silent=bad), CORPUS, tmp_path)
    failed = {row["id"]: row for row in rows(tmp_path) if row["assessment"] is None}
    assert list(failed) == bad
    assert failed[bad[0]]["error"] == f"audio_silent: {bad[0]}.wav: nothing is loud enough to be speech"
    assert failed[bad[0]]["free_phones"] is None
    assert (results.n_failed, results.apa.total.n, results.apa.total.n_unanswered) == (3, 40, 3)


def test_recognition_alone_may_fail(tmp_path: Path) -> None:
    assessor = FakeAssessor()
    assessor.unrecognisable = {CORPUS[5].id}
    results = evaluate(assessor, CORPUS, tmp_path)
    row = rows(tmp_path)[5]
    assert row["assessment"] is not None
    assert row["free_phones"] is None
    assert row["error"] == "text_too_long: too much"
    assert results.n_failed == 0


def test_a_stopped_run_resumes(tmp_path: Path) -> None:
    bad = CORPUS[2].id
    whole = evaluate(FakeAssessor(silent=[bad]), CORPUS, tmp_path / "whole")
    stopped = FakeAssessor(silent=[bad])
    stopped.stop_before = CORPUS[BATCH_SIZE + 1].id
    with pytest.raises(KeyboardInterrupt):
        evaluate(stopped, CORPUS, tmp_path / "out")
    assert len(rows(tmp_path / "out")) == BATCH_SIZE
    assert not (tmp_path / "out" / "results.json").exists()
    second = FakeAssessor(silent=[bad])
    assert evaluate(second, CORPUS, tmp_path / "out") == whole
    assert second.assessed == [u.id for u in CORPUS[BATCH_SIZE:]]
    assert rows(tmp_path / "out") == rows(tmp_path / "whole")
    third = FakeAssessor()
    assert evaluate(third, CORPUS, tmp_path / "out") == whole
    assert third.assessed == []


def test_rows_are_on_disk_before_the_next_batch_starts(tmp_path: Path) -> None:
    class Watching(FakeAssessor):
        def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
            on_disk.append(len(rows(tmp_path)))
            return super().assess(utterances)

    on_disk: list[int] = []
    evaluate(Watching(), CORPUS, tmp_path)
    assert on_disk == [0, BATCH_SIZE, 2 * BATCH_SIZE]


@pytest.mark.parametrize("n_lost", [1, 2, 300])
def test_a_truncated_last_line_is_done_again(tmp_path: Path, n_lost: int) -> None:
    whole = evaluate(FakeAssessor(), CORPUS, tmp_path)
    path = tmp_path / "predictions.jsonl"
    complete = path.read_bytes()
    path.write_bytes(complete[:-n_lost])
    again = FakeAssessor()
    assert evaluate(again, CORPUS, tmp_path) == whole
    assert again.assessed == [CORPUS[-1].id]
    assert path.read_bytes() == complete


def test_a_broken_line_before_the_last_is_named(tmp_path: Path) -> None:
    evaluate(FakeAssessor(), CORPUS, tmp_path)
    path = tmp_path / "predictions.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], '{"id": 3}\n', *lines[2:]]))
    with pytest.raises(OutputError, match=r"predictions\.jsonl, line 2 is not a prediction"):
        evaluate(FakeAssessor(), CORPUS, tmp_path)


def test_the_folder_of_another_corpus_is_refused(tmp_path: Path) -> None:
    evaluate(FakeAssessor(), CORPUS, tmp_path)
    before = (tmp_path / "predictions.jsonl").read_bytes()
    with pytest.raises(OutputError, match="different run: 39 of its ids"):
        evaluate(FakeAssessor(), CORPUS[:1], tmp_path)
    assert (tmp_path / "predictions.jsonl").read_bytes() == before


def test_the_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    evaluate(FakeAssessor(), CORPUS, tmp_path)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:5]))
    with pytest.raises(OutputError, match="made by fake 1, and this is fake 2"):
        evaluate(FakeAssessor(name="fake 2"), CORPUS, tmp_path)
    assert len(rows(tmp_path)) == 5


def test_ids_must_differ(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=CORPUS[0].id):
        evaluate(FakeAssessor(), [CORPUS[0], CORPUS[1], CORPUS[0]], tmp_path)


def test_an_output_folder_that_cannot_be_created_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write to"):
        evaluate(FakeAssessor(), CORPUS, tmp_path / "file" / "out")


def test_a_bug_is_not_treated_as_a_bad_clip(tmp_path: Path) -> None:
    class Broken(FakeAssessor):
        def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        evaluate(Broken(), CORPUS, tmp_path)


@pytest.mark.parametrize("package", ["scipy", "kaldialign", "jiwer"])
def test_a_missing_extra_is_reported_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assessor = FakeAssessor()
    with pytest.raises(MissingExtraError, match=package):
        evaluate(assessor, CORPUS, tmp_path)
    assert assessor.assessed == []


def test_progress_counts_the_clips_that_were_done_before(tmp_path: Path) -> None:
    stopped = FakeAssessor()
    stopped.stop_before = CORPUS[BATCH_SIZE].id
    with pytest.raises(KeyboardInterrupt):
        evaluate(stopped, CORPUS, tmp_path)
    calls: list[tuple[int, int]] = []
    evaluate(FakeAssessor(), CORPUS, tmp_path, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(BATCH_SIZE, 40), (2 * BATCH_SIZE, 40), (40, 40)]
