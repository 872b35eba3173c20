"""Texts are cut as the tokenizer of transformers cuts them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny_whisper_lm import VOCABULARY
from support.whisper_folders import SPECIAL, whisper_tokenizer

from enunciate.corpus.labels import HEARD_SYMBOLS
from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.options import PromptConfig
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, render
from enunciate.speech_lm.whisper_onnx.tokens import WhisperTokens


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    whisper_tokenizer().save_pretrained(folder)
    return WhisperTokens(folder / "tokenizer.json", VOCABULARY)


def in_transformers(text):
    return whisper_tokenizer().encode(text, add_special_tokens=False)


@settings(max_examples=50)
@given(text=st.text(max_size=40).filter(lambda text: "<|" not in text))
def test_any_text_has_the_ids_of_transformers_and_comes_back(tokens, text):
    assert tokens.text_ids(text) == in_transformers(text)
    assert tokens.text_of(tokens.text_ids(text)) == text


@pytest.mark.parametrize(
    "answer",
    [
        ApaAnswer(accuracy=10, fluency=7, prosodic=0, total=1),
        MddAnswer(word_transcript="the bear's", phoneme_transcript=" ".join(HEARD_SYMBOLS)),
    ],
)
def test_answers_have_the_ids_that_training_gives_them(tokens, answer):
    assert tokens.text_ids(render(answer)) == in_transformers(render(answer))


def test_a_task_follows_the_start_of_an_english_transcript(tokens):
    ids = tokens.task_ids("mdd", PromptConfig(rubric=False), None)

    assert ids == [*map(whisper_tokenizer().convert_tokens_to_ids, SPECIAL[1:]), *in_transformers("<|MDD|>")]


def test_special_tokens_are_not_part_of_a_text(tokens):
    assert tokens.text_of([*tokens.start_ids, *tokens.text_ids("the"), tokens.end_id]) == "the"


@pytest.mark.parametrize(
    "content", ["{}", "no json", json.dumps({"added_tokens": [{"id": 1, "content": "a"}]})]
)
def test_tokenizer_of_another_model_is_refused(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_text(content)

    with pytest.raises(ModelNotFoundError, match="multilingual Whisper"):
        WhisperTokens(path, VOCABULARY)
