"""`both` by its name: the packaged weights of `pocket`, and Whisper's adapter on a base of this machine."""

import pytest
from support.speech_lm_cases import spoken_clip
from support.whisper_folders import save_adapter, save_base

from enunciate.both.assessor import BothAssessor
from enunciate.engines import load_assessor
from enunciate.errors import ModelNotFoundError
from enunciate.schema import ASPECTS, Clip, Utterance
from enunciate.speech_lm.whisper_onnx import loading


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Let the adapters that ship and the base be tiny ones."""
    base = save_base(tmp_path / "base")
    for name in ("adapter", "reading_adapter"):
        save_adapter(tmp_path / name)
    monkeypatch.setattr(loading, "packaged_adapter", lambda: tmp_path / "adapter")
    monkeypatch.setenv("ENUNCIATE_WHISPER", str(base))


def test_both_score_a_clip(tiny):
    both = load_assessor("both")
    clip = Utterance(id="a", audio=Clip(samples=spoken_clip(0.8), sample_rate_hz=16_000))

    (found,), (alone,) = both.assess([clip]), load_assessor("pocket").assess([clip])

    assert isinstance(both, BothAssessor)
    assert found.model.startswith(f"both ({alone.model}, whisper ")
    assert found.phones == alone.phones
    assert any(getattr(found, aspect) != getattr(alone, aspect) for aspect in ASPECTS)
    assert "one_engine" not in {notice.code for notice in found.warnings}
    assert both.recognise([clip])[0]


def test_without_a_base_there_is_no_engine(tmp_path, monkeypatch):
    monkeypatch.delenv("ENUNCIATE_WHISPER", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))

    with pytest.raises(ModelNotFoundError, match="no Whisper base on this machine"):
        load_assessor("both")
