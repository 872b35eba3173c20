"""`enunciate info`."""

from importlib.metadata import version
from pathlib import Path

import pytest
from support.command_line import run
from support.fake_assessor import FakeAssessor

import enunciate
from enunciate import engines
from enunciate.cli import environment
from enunciate.cli.environment import packages_by_extra


def test_info_says_what_a_bug_report_needs(fake: FakeAssessor) -> None:
    result = run("info")
    assert result.exit_code == 0
    lines = dict(line.split(": ", maxsplit=1) for line in result.stdout.splitlines())
    assert lines["model"] == "fake 1"
    assert enunciate.__version__ in lines["enunciate"]
    assert {"Python", "platform", "ONNX Runtime providers", "CPU threads", "torch"} <= set(lines)


def test_info_lists_what_the_package_and_its_extras_require(
    fake: FakeAssessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements = ["numpy>=1.26", "rich", "rich; extra == 'eval'", "nonesuch>=2; extra == 'eval'"]
    monkeypatch.setattr(environment, "requires", lambda _: requirements)
    packages = [line for line in run("info").stdout.splitlines() if line.startswith("packages")]
    assert packages == [
        f"packages, core: numpy {version('numpy')}, rich {version('rich')}",
        f"packages, eval: rich {version('rich')}; not installed: nonesuch",
    ]


def test_info_survives_an_engine_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no such library")

    monkeypatch.setattr(engines, "load_assessor", broken)
    assert "model: cannot be loaded: RuntimeError: no such library" in run("info").stdout


def test_info_says_where_the_base_of_whisper_is(
    fake: FakeAssessor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENUNCIATE_WHISPER", str(tmp_path))
    assert f"Whisper base: not found: {tmp_path}: no Whisper in it" in run("info").stdout

    for name in ("tokenizer.json", "model.bin"):
        (tmp_path / name).write_bytes(b"")
    assert f"Whisper base: {tmp_path}\n" in run("info").stdout


def test_packages_are_grouped_by_the_extra_that_installs_them() -> None:
    packages = packages_by_extra(
        [
            "numpy>=1.26",
            'scipy>=1.11; extra == "eval"',
            "torch ; extra == 'llm'",
            "enunciate[eval]; extra == 'llm'",
        ]
    )
    assert packages == {"core": ["numpy"], "eval": ["scipy"], "llm": ["torch"]}
