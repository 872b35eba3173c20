"""A program under test in the robustness benchmark: asked once for all clips of a case."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from robustness_cases.bench import Bench, Row, is_refused, mean_scores
from robustness_cases.outside import OutsideAssessor, answered

PROGRAM = """
import json, sys
manifest, out, log = sys.argv[1:]
rows = [json.loads(line) for line in open(manifest)]
open(log, "a").write(f"{len(rows)}\\n")
with open(out, "w") as answers:
    for row in rows:
        phones = [{"phone": one, "score": 2} for one in row["phones"].replace("|", " ").split()]
        answer = {"total": 7, "phones": phones} if "so" in row["text"] else {"error": "no so"}
        answers.write(json.dumps({"id": row["id"], "model": "mine 1"} | answer) + "\\n")
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    pytest.importorskip("kaldialign")
    (tmp_path / "mine.py").write_text(PROGRAM)
    words = [sys.executable, str(tmp_path / "mine.py"), "{manifest}", "{out}", str(tmp_path / "log")]
    return Bench(OutsideAssessor(shlex.join(words).replace("'", "")), [], 2)


def case(bench: Bench):
    clips = [np.full(1600, level, np.float32) for level in (0.1, 0.2)]
    results = [bench.assess("same name", clip, text) for clip in clips for text in ("I think so.", "I left.")]
    later = bench.assess("later", clips[0] * 3, "so") if not is_refused(results[0]) else None
    assert later is None or results[0].phones[0].phone == "AY"
    yield Row("case", len(results), mean_scores(results) | {"refused": sum(map(is_refused, results))})


def test_a_program_is_started_once_for_the_clips_that_are_known(bench: Bench, tmp_path: Path):
    (row,) = answered(case, bench)
    assert row.values == {"total": 7, "refused": 2}
    assert (tmp_path / "log").read_text().split() == ["4", "1"]
    assert list(answered(case, bench)) == [row]
    assert (tmp_path / "log").read_text().split() == ["4", "1"]
