"""Fixtures of the command line's tests: an engine without weights, and a clip."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fake_assessor import FakeAssessor, write_clip

from enunciate import engines


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeAssessor:
    """What `load_assessor` returns, whatever it is asked for."""
    engine = FakeAssessor()
    monkeypatch.setattr(engines, "load_assessor", lambda *_args, **_options: engine)
    return engine


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "a.wav")
