"""The engine `whisper`: from an adapter's folder and a base to assessments, without torch."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from support.paths import ASSETS, PACKAGE
from support.speech_lm_cases import spoken_clip
from support.whisper_folders import save_adapter, save_base

from enunciate.engines import load_assessor
from enunciate.errors import ModelNotFoundError, NoSpeechError, TaskNotTrainedError
from enunciate.schema import ASPECTS, Clip, Utterance
from enunciate.speech_lm import runtimes
from enunciate.speech_lm.whisper_onnx import loading
from enunciate.speech_lm.whisper_onnx.loading import load_whisper


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapter")
    save_adapter(folder)
    return folder


def utterance(text=None, seconds=0.8):
    return Utterance(id="a", audio=Clip(samples=spoken_clip(seconds), sample_rate_hz=16_000), text=text)


def test_clip_with_a_text_has_scores_words_and_times(base, adapter):
    assessor = load_whisper(adapter, base=base)

    (result,) = assessor.assess([utterance("we call it")])

    assert result.model.startswith("whisper ") and assessor.batch_size == 1
    assert [word.text for word in result.words] == ["we", "call", "it"]
    assert all(phone.start_s is not None for phone in result.phones)
    for aspect in ASPECTS:
        assert len(getattr(result, aspect).distribution) == 11
    assert result.unparsable == ()
    (heard,) = assessor.recognise([utterance()])
    assert heard


@pytest.fixture
def transcribed(monkeypatch):
    """Make the base hear what a test says."""

    def say(text):
        monkeypatch.setattr(loading.Transcriber, "__call__", lambda self, samples: text)

    return say


def test_clip_without_a_text_has_the_words_that_the_base_hears(base, adapter, transcribed):
    transcribed("We call 2.")

    (result,) = load_whisper(adapter, base=base).assess([utterance()])

    assert [word.text for word in result.words] == ["We", "call", "2"]
    assert all(word.text_start is None and word.error != "omission" for word in result.words)
    assert result.text is None and not result.used_reference and result.completeness is None
    assert result.transcript == "we call 2"
    assert [notice.code for notice in result.warnings if notice.code != "noisy"] == ["no_reference"]


@pytest.mark.parametrize("text", ["", "?!", "so many words that nobody says them in less than a second " * 3])
def test_what_is_no_transcription_leaves_the_phones_heard(base, adapter, transcribed, text):
    transcribed(text)

    (result,) = load_whisper(adapter, base=base).assess([utterance()])

    assert result.words == () and result.phones


def test_the_base_writes_down_a_clip_within_its_limits(base, adapter):
    (result,) = load_whisper(adapter, base=base).assess([utterance(seconds=0.5)])

    assert result.text is None


@pytest.mark.parametrize("text", [None, "we call it"])
def test_noise_and_tones_are_refused_as_by_pocket(base, adapter, tone, text):
    assessor = load_whisper(adapter, base=base)
    noise = 0.05 * np.random.default_rng(0).standard_normal(2 * 16_000)

    for samples in (noise, tone(1.5)):
        given = Utterance(id="a", audio=Clip(samples=samples, sample_rate_hz=16_000), text=text)
        with pytest.raises(NoSpeechError):
            assessor.assess([given])


def test_second_adapter_answers_about_clips_with_a_text(base, adapter, tmp_path):
    """The recipe and the seed of an adapter decide its answers: each clip has those of the one it is for."""
    save_adapter(tmp_path, recipe={"prompt": {"rubric": False, "reference_text": True}}, seed=9)
    both, free, reading = (
        load_whisper(adapter, reading=tmp_path, base=base),
        load_whisper(adapter, base=base),
        load_whisper(tmp_path, base=base),
    )
    with_text = utterance("we call it")

    def answers(assessor, given):
        (result,) = assessor.assess([given])
        return [getattr(result, aspect).value for aspect in ASPECTS]

    assert answers(both, with_text) == answers(reading, with_text) != answers(free, with_text)
    assert answers(both, utterance()) == answers(free, utterance()) != answers(reading, utterance())
    assert both.recognise([with_text]) == free.recognise([with_text])
    assert both.name != free.name


def test_adapter_is_loaded_for_the_first_clip_that_needs_it(base, adapter, monkeypatch):
    loaded = []
    merge = loading.merge_adapter
    monkeypatch.setattr(
        loading, "merge_adapter", lambda weights, folder: loaded.append(folder) or merge(weights, folder)
    )
    assessor = load_whisper(adapter, reading=adapter, base=base)

    assert loaded == []
    assessor.assess([utterance("we call it")])
    assert len(loaded) == 1


@pytest.mark.parametrize("wrong", ["adapter", "reading"])
def test_adapters_of_another_base_are_refused_before_the_first_clip(base, adapter, tmp_path, wrong):
    shutil.copytree(adapter, tmp_path / "other")
    weights = load_file(adapter / "adapter_model.safetensors")
    wider = {
        name: torch.zeros(values.shape[0], values.shape[1] + 1) if "lora_A" in name else values
        for name, values in weights.items()
    }
    save_file(wider, tmp_path / "other" / "adapter_model.safetensors")
    folders = {"adapter": adapter, "reading": adapter} | {wrong: tmp_path / "other"}

    with pytest.raises(ModelNotFoundError, match="other: the adapter does not fit this Whisper"):
        load_whisper(folders["adapter"], reading=folders["reading"], base=base)


def test_adapter_of_scores_alone_hears_no_phones(base, tmp_path):
    save_adapter(tmp_path, recipe={"tasks": ["apa"]})
    assessor = load_whisper(tmp_path, base=base)

    (result,) = assessor.assess([utterance("we call it")])

    assert result.total is not None and result.words == ()
    with pytest.raises(TaskNotTrainedError):
        assessor.recognise([utterance()])


def test_control_tokens_of_their_own_are_refused(base, tmp_path):
    save_adapter(tmp_path, recipe={"prompt": {"control": "special", "rubric": False}})

    with pytest.raises(ModelNotFoundError, match="need torch"):
        load_whisper(tmp_path, base=base)


def test_folder_without_an_adapter_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "packaged_adapter", lambda: tmp_path)

    with pytest.raises(ModelNotFoundError, match="no adapter of Whisper in it"):
        load_assessor("whisper")


def test_name_loads_the_adapter_that_ships(base, adapter, monkeypatch):
    monkeypatch.setattr(loading, "packaged_adapter", lambda: adapter)
    monkeypatch.setattr(loading, "packaged_reading_adapter", lambda: adapter)
    monkeypatch.setenv("ENUNCIATE_WHISPER", str(base))

    assert load_assessor("whisper").name.startswith("whisper ")


def test_adapter_of_whisper_runs_where_there_is_no_torch(base, adapter, monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    monkeypatch.setenv("ENUNCIATE_WHISPER", str(base))

    (result,) = load_assessor(adapter).assess([utterance("we call it")])

    assert result.model.startswith(f"whisper {adapter.name}")


def test_base_is_the_one_that_the_recipe_names(base, tmp_path, monkeypatch):
    monkeypatch.delenv("ENUNCIATE_WHISPER", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    save_adapter(tmp_path / "folder", recipe={"model": str(base)})
    save_adapter(tmp_path / "name", recipe={"model": "somebody/whisper-of-another-size"})

    assert load_whisper(tmp_path / "folder").assess([utterance("we")])
    with pytest.raises(ModelNotFoundError, match="somebody/whisper-of-another-size"):
        load_whisper(tmp_path / "name")


def test_neither_loading_nor_assessing_needs_torch(base, adapter, tmp_path):
    code = (
        "import json, sys\n"
        "for name in ('torch', 'transformers', 'peft', 'tokenizers'): sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from enunciate.schema import Utterance\n"
        "from enunciate.speech_lm.whisper_onnx.loading import load_whisper\n"
        f"clip = Path({str(ASSETS / 'correct.flac')!r})\n"
        f"assessor = load_whisper(Path({str(adapter)!r}), base=Path({str(base)!r}))\n"
        "(result,) = assessor.assess([Utterance(id='a', audio=clip, text='we call it')])\n"
        "print(json.dumps([word.text for word in result.words]))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["we", "call", "it"]
