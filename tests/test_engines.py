"""The public functions: `assess` and `load_assessor`, and batches in which some clips fail."""

import pytest
from support.fake_assessor import FakeAssessor, write_clip

import enunciate
from enunciate import engines
from enunciate.engines import answer_each, assess_each
from enunciate.errors import AudioNotFoundError, EnunciateError, ModelNotFoundError
from enunciate.schema import Assessment, Clip, Failure, Utterance


@pytest.fixture
def loaded(monkeypatch):
    """Engines load as fakes; the list says which were loaded."""
    names = []

    def load(model, *, lexicon=None, threads=1):
        names.append((model, threads))
        return FakeAssessor()

    monkeypatch.setattr(engines, "load_assessor", load)
    engines._cached_assessor.cache_clear()
    yield names
    engines._cached_assessor.cache_clear()


def test_a_recording_is_assessed_by_its_path_or_bytes_or_samples(loaded, tone, tmp_path):
    path = write_clip(tmp_path / "clip 1.wav")
    samples = Clip(samples=tone(1.0), sample_rate_hz=16_000)

    found = [enunciate.assess(audio, "see me") for audio in (path, str(path), path.read_bytes(), samples)]

    assert [assessment.id for assessment in found] == ["clip 1.wav", "clip 1.wav", "clip", "clip"]
    assert {assessment.text for assessment in found} == {"see me"}


def test_an_id_of_its_own_and_no_text(loaded, tmp_path):
    assessment = enunciate.assess(write_clip(tmp_path / "a.wav"), id="mine")

    assert assessment.id == "mine" and not assessment.used_reference


def test_the_engine_is_loaded_once_until_another_is_asked_for(loaded, tmp_path):
    path = write_clip(tmp_path / "a.wav")
    for model in ("pocket", "pocket", "other"):
        enunciate.assess(path, model=model)

    assert loaded == [("pocket", 1), ("other", 1)]


def test_a_bad_recording_raises(loaded, tmp_path):
    with pytest.raises(AudioNotFoundError):
        enunciate.assess(tmp_path / "none.wav")


def test_an_unknown_model_is_refused(tmp_path):
    with pytest.raises(ModelNotFoundError, match="no such model"):
        enunciate.load_assessor(tmp_path / "none")


def test_a_failing_clip_of_a_batch_costs_no_other(tmp_path):
    good = write_clip(tmp_path / "good.wav")
    batch = [
        Utterance(id=str(n), audio=tmp_path / "none.wav" if n == 2 else good, text="see") for n in range(5)
    ]

    answers = answer_each(FakeAssessor().assess, batch)

    assert [isinstance(answer, EnunciateError) for answer in answers] == [False, False, True, False, False]
    assert [answer.id for n, answer in enumerate(answers) if n != 2] == ["0", "1", "3", "4"]


def test_each_clip_has_its_outcome_though_audio_or_text_of_another_fail(tmp_path):
    clip = write_clip(tmp_path / "a.wav")
    utterances = [
        Utterance(id="good", audio=clip, text="see me"),
        Utterance(id="no text", audio=clip, text="!!!"),
        Utterance(id="no audio", audio=tmp_path / "none.wav", text="see me"),
        Utterance(id="no sound", audio=b"", text="see me"),
        Utterance(id="also good", audio=clip),
    ]
    good, no_text, no_audio, no_sound, also_good = assess_each(FakeAssessor(), utterances)

    assert isinstance(good, Assessment)
    assert isinstance(also_good, Assessment)
    assert (good.id, also_good.id) == ("good", "also good")
    assert isinstance(no_text, Failure)
    assert no_text.error.code == "text_not_english"
    assert isinstance(no_audio, Failure)
    assert (no_audio.audio, no_audio.error.code) == (str(tmp_path / "none.wav"), "audio_not_found")
    assert isinstance(no_sound, Failure)
    assert no_sound.audio is None


class Batching(FakeAssessor):
    """Prefers batches, and remembers them."""

    batch_size = 2

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []

    def assess(self, utterances):
        self.batches.append([utterance.id for utterance in utterances])
        return super().assess(utterances)


def test_batches_have_clips_of_similar_length_and_outcomes_the_order_of_the_clips(tmp_path):
    lengths_s = {"a": 1.0, "b": 3.0, "c": 1.5, "d": 2.5, "e": 1.2, "f": 2.0, "g": 1.7, "h": 2.2, "i": 3.5}
    clips = [
        Utterance(id=id, audio=write_clip(tmp_path / f"{id}.wav", length_s), text="so")
        for id, length_s in lengths_s.items()
    ]
    engine = Batching()
    assert [outcome.id for outcome in assess_each(engine, clips)] == list("abcdefghi")
    assert engine.batches == [["b", "d"], ["h", "f"], ["g", "c"], ["e", "a"], ["i"]]
