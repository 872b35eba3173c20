"""A run with an engine that assesses and recognises in one pass."""

import json
from collections.abc import Sequence
from pathlib import Path

from support.evaluation_cases import make_assessment, make_corpus

from enunciate.engines import OnePassAssessor
from enunciate.errors import AudioSilentError, TextTooLongError
from enunciate.evaluation.run import evaluate
from enunciate.schema import Assessment, Utterance

CORPUS = make_corpus(n_speakers=5, per_speaker=4)


class OnePass:
    """Assesses and recognises in one pass, and keeps a list of its calls."""

    name = "one pass 1"
    batch_size = 8

    def __init__(self, silent: Sequence[str] = (), too_long: Sequence[str] = ()) -> None:
        self.silent, self.too_long = set(silent), set(too_long)
        self.calls: list[tuple[str, int]] = []

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        self.calls.append(("assess", len(utterances)))
        self._check(utterances)
        return [make_assessment(u, model=self.name) for u in utterances]

    def _check(self, utterances: Sequence[Utterance]) -> None:
        for utterance in utterances:
            if utterance.id in self.silent:
                raise AudioSilentError(utterance.id)
            if utterance.id in self.too_long:
                raise TextTooLongError(utterance.id)

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        self.calls.append(("recognise", len(utterances)))
        for utterance in utterances:
            if utterance.id in self.silent:
                raise AudioSilentError(utterance.id)
        return [("K",) for _ in utterances]

    def assess_and_recognise(self, utterances: Sequence[Utterance]) -> list[tuple[Assessment, tuple | None]]:
        self.calls.append(("both", len(utterances)))
        self._check(utterances)
        return [(make_assessment(u, model=self.name), ("K",)) for u in utterances]


def test_a_one_pass_engine_is_called_once_per_batch_of_its_size(tmp_path: Path) -> None:
    engine = OnePass()
    assert isinstance(engine, OnePassAssessor)
    evaluate(engine, CORPUS, tmp_path)
    assert engine.calls == [("both", 8), ("both", 8), ("both", 4)]


def test_a_bad_clip_is_isolated_by_halving_and_then_assessed_and_recognised_separately(
    tmp_path: Path,
) -> None:
    engine = OnePass(silent=[CORPUS[3].id], too_long=[CORPUS[9].id])
    evaluate(engine, CORPUS, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "predictions.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [utterance.id for utterance in CORPUS]
    assert [row["id"] for row in rows if row["error"]] == [CORPUS[3].id, CORPUS[9].id]
    silent, too_long = rows[3], rows[9]
    assert silent["assessment"] is None and silent["free_phones"] is None
    assert too_long["assessment"] is None and too_long["free_phones"] == ["K"]
    first_batch = [size for call, size in engine.calls[:7] if call == "both"]
    assert first_batch == [8, 4, 2, 2, 1, 1, 4]
    assert engine.calls[7:9] == [("assess", 1), ("recognise", 1)]


def test_an_engine_that_recognises_no_phones_has_no_phone_error_rate(tmp_path: Path) -> None:
    class WithoutPhones(OnePass):
        def assess_and_recognise(self, utterances: Sequence[Utterance]):
            return [(make_assessment(u, model=self.name), None) for u in utterances]

    results = evaluate(WithoutPhones(), CORPUS, tmp_path)
    assert (results.per, results.recognition.per_without_text, results.wer) == (None, None, None)
    assert results.n_failed == 0
