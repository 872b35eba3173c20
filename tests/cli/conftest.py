"""Fixtures of the command line's tests: an engine without weights, a clip, and two evaluated systems."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.biased_assessor import BiasedAssessor
from support.fake_assessor import FakeAssessor, write_clip
from support.tone_corpus import make_corpus

from enunciate import engines
from enunciate.corpus.speechocean762 import load_corpus


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeAssessor:
    """What `load_assessor` returns, whatever it is asked for."""
    engine = FakeAssessor()
    monkeypatch.setattr(engines, "load_assessor", lambda *_args, **_options: engine)
    return engine


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "a.wav")


@pytest.fixture(scope="session")
def tone_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine clips of chords, of three speakers."""
    return make_corpus(tmp_path_factory.mktemp("tones"), {"test": 3, "train": 1}, clips_each=3)


@pytest.fixture(scope="session")
def evaluated(tone_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of two systems that `enunciate evaluate` would write."""
    for package in ("scipy", "kaldialign", "jiwer"):
        pytest.importorskip(package)
    from enunciate.evaluation.run import evaluate

    folder = tmp_path_factory.mktemp("outs")
    utterances = load_corpus(tone_corpus, "test")
    for off in (0.0, -2.0):
        evaluate(BiasedAssessor(off), utterances, folder / f"off{off:g}")
    return folder / "off0", folder / "off-2"
