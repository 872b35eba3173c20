"""`enunciate benchmark`: the plan that ships, in any folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import run

pytest.importorskip("scipy")


def test_the_default_plan_is_found_in_any_folder(
    tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--corpus", tone_corpus, "--out", "runs", "--dry-run")
    shown = run("benchmark", *options, "--rows", "gop-pocketsphinx")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines()[1].strip() == "gop-pocketsphinx/model: gop-pocketsphinx.yaml"


def test_a_plan_that_does_not_exist_is_refused(tone_corpus: Path, tmp_path: Path) -> None:
    refused = run("benchmark", "--corpus", tone_corpus, "--out", tmp_path, "--plan", "none.yaml")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: none.yaml cannot be used:\n  there is no such file")
