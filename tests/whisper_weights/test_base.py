"""A base is found where people have it, and one sentence says what to do where there is none."""

import numpy as np
import pytest
from support.ctranslate2_file import write_ctranslate2
from support.tiny_whisper_lm import ctranslate2_names, tiny_whisper
from support.whisper_folders import save_base, whisper_tokenizer

from enunciate.errors import ModelNotFoundError
from enunciate.whisper_weights.base import HUB_NAMES, VARIABLE, find_whisper


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """An empty cache of the hub."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def save_ctranslate2(folder):
    folder.mkdir(parents=True)
    state = {name: value.numpy() for name, value in tiny_whisper().state_dict().items()}
    write_ctranslate2(folder / "model.bin", ctranslate2_names(state))
    whisper_tokenizer().save_pretrained(folder)
    return folder


def cache(tmp_path, name):
    model = tmp_path / "hub" / f"models--{name.replace('/', '--')}"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text("abc123")
    return model / "snapshots" / "abc123"


def test_folder_of_transformers_and_of_ctranslate2_hold_the_same_weights(tmp_path):
    one = find_whisper(save_base(tmp_path / "one"))
    other = find_whisper(save_ctranslate2(tmp_path / "other"))

    weights, same = one.read(), other.read()

    assert weights.keys() == same.keys()
    for name, values in weights.items():
        np.testing.assert_allclose(same[name], values, atol=2e-3)
    assert (one.heads, other.heads) == (2, None)


def test_variable_names_a_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(save_base(tmp_path / "base")))

    assert find_whisper().folder == tmp_path / "base"


@pytest.mark.parametrize(("name", "save"), [(HUB_NAMES[0], save_base), (HUB_NAMES[1], save_ctranslate2)])
def test_cache_of_the_hub_is_searched_in_both_layouts(tmp_path, name, save):
    folder = save(cache(tmp_path, name))

    assert find_whisper().folder == folder


def test_download_that_is_not_complete_is_passed_over(tmp_path):
    cache(tmp_path, HUB_NAMES[0]).mkdir(parents=True)
    folder = save_ctranslate2(cache(tmp_path, HUB_NAMES[1]))

    assert find_whisper().folder == folder


def test_where_there_is_none_one_sentence_says_how_to_get_it():
    with pytest.raises(ModelNotFoundError, match="hf download openai/whisper-base") as caught:
        find_whisper()

    assert VARIABLE in str(caught.value)


def test_folder_that_is_no_whisper_is_named(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"no Whisper in it: tokenizer\.json"):
        find_whisper(tmp_path)
