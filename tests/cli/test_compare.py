"""`enunciate compare`, on a small corpus of chords."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from support.command_line import run


def test_the_table_and_the_json_say_the_same(tone_corpus: Path, evaluated: tuple[Path, Path]):
    shown = run("compare", *evaluated, "--corpus", tone_corpus)
    assert shown.exit_code == 0, shown.output
    assert "A: off0 (off by 0.0), 0 failed" in shown.stdout
    assert "9 utterances of 3 speakers, assessed by both" in shown.stdout
    comparison = json.loads(run("compare", *evaluated, "--corpus", tone_corpus, "--json").stdout)
    assert comparison["differences"]["apa.total.mse"]["better"] == "A"
    assert comparison["differences"]["mdd.f1"]["difference"] == 0
    assert {"apa.total.spearman", "apa.total.beyond_stopwatch"} <= comparison["differences"].keys()


def test_folders_of_one_name_are_told_apart_by_their_parents(
    tone_corpus: Path, evaluated: tuple[Path, Path], tmp_path: Path
):
    for parent in ("x", "y"):
        shutil.copytree(evaluated[0], tmp_path / parent / "out")
    result = run("compare", tmp_path / "x" / "out", tmp_path / "y" / "out", "--corpus", tone_corpus)
    assert "A: x/out" in result.stdout and "B: y/out" in result.stdout
