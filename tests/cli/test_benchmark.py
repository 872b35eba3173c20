"""`enunciate benchmark`: the plan that ships, in any folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support.command_line import run
from support.complete_corpus import make_complete_corpus

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


ANSWER_ALL = """
import json, sys
with open(sys.argv[1]) as clips, open(sys.argv[2], "w") as out:
    for n, clip in enumerate(map(json.loads, clips)):
        phones = clip["phones"].replace("|", "").split()
        answer = {"id": clip["id"], "model": "mine 1", "total": n % 10}
        answer["phones"] = [{"phone": phone, "score": 1 + (n + i) % 2} for i, phone in enumerate(phones)]
        out.write(json.dumps(answer) + chr(10))
"""


@pytest.mark.slow
def test_other_systems_have_rows_beside_our_own(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for package in ("kaldialign", "jiwer"):
        pytest.importorskip(package)
    corpus = make_complete_corpus(tmp_path_factory.mktemp("c"), {"test": 4, "train": 6}, clips_each=3)
    (tmp_path / "mine.py").write_text(ANSWER_ALL)
    ids = [line.split()[0] for line in (corpus / "test" / "text").read_text().splitlines()]
    (tmp_path / "theirs.jsonl").write_text("".join(f'{{"id": "{id}", "total": 5}}\n' for id in ids[1:]))
    result = run(
        *("benchmark", "--corpus", corpus, "--out", tmp_path / "out", "--rows", "mine"),
        *("--system", f"mine={sys.executable} {tmp_path / 'mine.py'} {{manifest}} {{out}}"),
        *("--answers", f"theirs={tmp_path / 'theirs.jsonl'}"),
    )
    assert result.exit_code == 0, result.output
    mine, theirs = json.loads((tmp_path / "out" / "benchmark.json").read_text())["rows"]
    assert (mine["name"], mine["status"], mine["results"]["models"]) == ("mine", "done", ["mine 1"])
    assert mine["program"]["n_clips"] == 12 and mine["program"]["peak_memory_mb"] > 0
    assert (theirs["results"]["n_failed"], theirs["results"]["n_utterances"]) == (1, 12)
    table = (tmp_path / "out" / "benchmark.md").read_text()
    assert "another system: " in table and "s of CPU" in table and "answers of" in table


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--system", "mine"), "write NAME=VALUE"),
        (("--answers", "pocket=a.jsonl"), "there is a row pocket already"),
        (("--answers", "My System=a.jsonl"), "a name has small letters"),
        (("--system", "mine=python a.py"), "lacks {manifest} and {out}"),
    ],
)
def test_a_system_that_is_named_wrongly_is_refused(
    tone_corpus: Path, tmp_path: Path, option: tuple[str, str], message: str
) -> None:
    refused = run("benchmark", "--corpus", tone_corpus, "--out", tmp_path, *option, "--dry-run")
    assert refused.exit_code == 2
    assert message in refused.stderr


def test_what_another_system_lacks_is_shown(tone_corpus: Path, tmp_path: Path) -> None:
    shown = run(
        *("benchmark", "--corpus", tone_corpus, "--out", tmp_path, "--dry-run", "--rows", "a"),
        *("--system", "a=no-such-program {manifest} {out}", "--answers", "b=none.jsonl"),
    )
    assert "missing: system: there is no program no-such-program" in shown.stdout, shown.output
    assert "missing: answers: there is no none.jsonl" in shown.stdout
