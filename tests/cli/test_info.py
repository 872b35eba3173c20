"""`enunciate info`."""

import pytest
from support.command_line import run
from support.fake_assessor import FakeAssessor

import enunciate
from enunciate import engines
from enunciate.cli.info import packages_by_extra


def test_info_says_what_a_bug_report_needs(fake: FakeAssessor) -> None:
    result = run("info")
    assert result.exit_code == 0
    lines = dict(line.split(": ", maxsplit=1) for line in result.stdout.splitlines())
    assert lines["model"] == "fake 1"
    assert enunciate.__version__ in lines["enunciate"]
    assert {"Python", "platform", "ONNX Runtime providers", "CPU threads", "torch"} <= set(lines)
    assert any(name.startswith("packages") for name in lines)


def test_info_survives_an_engine_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no such library")

    monkeypatch.setattr(engines, "load_assessor", broken)
    assert "model: cannot be loaded: RuntimeError: no such library" in run("info").stdout


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
