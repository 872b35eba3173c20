"""The metrics of an evaluation as a table."""

from __future__ import annotations

import pytest
from support.evaluation_cases import make_corpus, perfect

from enunciate.cli.results_table import results_table
from enunciate.cli.terminal import as_text


def test_the_metrics_of_an_evaluation_are_shown() -> None:
    pytest.importorskip("scipy")
    pytest.importorskip("kaldialign")
    from enunciate.metrics.results import summarise

    lines = as_text(results_table(summarise([perfect(u) for u in make_corpus()]))).splitlines()
    assert lines[0] == "24 utterances of 6 speakers, 0 failed"
    assert lines[3].split() == ["accuracy", "1.000", "1.000", "to", "1.000", "0.000", "1.000"]
    assert any(line.split() == ["MDD", "F1", "1.000"] for line in lines)
    # An engine that hears no words has no word error rate.
    assert not any(line.startswith("WER") for line in lines)


def test_what_has_no_value_is_not_shown() -> None:
    pytest.importorskip("scipy")
    pytest.importorskip("kaldialign")
    from enunciate.metrics.pairs import Evaluated
    from enunciate.metrics.results import summarise

    alone = make_corpus()[0].model_copy(update={"words": None, "scores": None})
    lines = as_text(results_table(summarise([Evaluated(alone, None, None)]))).splitlines()
    assert lines == ["1 utterance of 1 speaker, 1 failed"]
