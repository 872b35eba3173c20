"""Prompts, answers, scores and grammar with the checkpoint's own vocabulary, on a tiny random model."""

import pytest
import torch
from support.o200k import ADDED, RANKS, VOCABULARY, o200k
from support.speech_lm_cases import clip
from support.speech_lm_tokenizers import grammar_of

from enunciate.corpus.labels import HEARD_SYMBOLS
from enunciate.schema import ASPECTS
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.decoding.slots import find_slots
from enunciate.speech_lm.families.phi4.config import small_config
from enunciate.speech_lm.families.phi4.family import Phi4Family
from enunciate.speech_lm.families.phi4.model import random_base
from enunciate.speech_lm.families.phi4.processor import Phi4Processor
from enunciate.speech_lm.options import PromptConfig
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, render

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not RANKS.is_file(), reason="o200k is not installed: npm ci --prefix tests/node"),
]
AUDIO, USER, END, ASSISTANT = 200_011, 200_021, 200_020, 200_019


@pytest.fixture(scope="module")
def processor():
    return Phi4Processor(o200k())


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = small_config(vocab_size=VOCABULARY, audio_token_id=AUDIO, pad_token_id=199_999, end_token_id=END)
    return random_base(config).eval()


def test_added_tokens_have_the_checkpoints_ids(processor):
    assert all(processor.tokenizer.convert_tokens_to_ids(name) == index for index, name in ADDED.items())
    assert (processor.audio_token_id, processor.end_token_id, processor.pad_token_id) == (AUDIO, END, 199_999)
    assert processor.n_ids == 200_029


def test_a_prompt_has_the_audio_once_per_token_after_the_control_token_as_text(processor):
    for task, n_control in (("apa", 5), ("mdd", 6)):
        ids = processor.task_ids(task, PromptConfig(), None, 50)
        assert ids[0] == USER and ids[-2:] == [END, ASSISTANT]
        assert [i for i, token in enumerate(ids) if token == AUDIO] == list(
            range(1 + n_control, 51 + n_control)
        )


def test_every_score_is_one_token_after_a_space_of_its_own(processor):
    slots, _ = find_slots(processor)
    (space,) = processor.text_ids(" ")
    for slot in slots:
        assert slot.before[-1] == space
        assert [len(value) for value in slot.values] == [1] * 11


def test_special_control_tokens_come_after_all_others_and_start_as_what_spells_them(model):
    processor = Phi4Processor(o200k(), control="special")
    assert processor.control_token_ids == {"apa": 200_029, "mdd": 200_030}

    Phi4Family().fit_vocabulary(model, processor)

    weight = model.model.embed_tokens.weight
    spelled = [processor.tokenizer.convert_tokens_to_ids(letter) for letter in "<|APA|>"]
    torch.testing.assert_close(weight[200_029], weight[spelled].mean(0))


def test_the_grammar_takes_every_symbol_and_never_an_id_without_a_token(processor):
    masks = grammar_of(processor, VOCABULARY).start([20.0])
    words = " ".join(["the quick brown fox jumps over the lazy dog and runs away"] * 2)
    answer = MddAnswer(word_transcript=words, phoneme_transcript=" ".join(HEARD_SYMBOLS))

    for token in processor.answer_ids(render(answer)):
        allowed = masks.allowed()[0]
        assert allowed[token] and not allowed[processor.n_ids :].any()
        masks.accept([token])
    assert masks.finished[0]


def test_a_tiny_model_answers_with_distributions_and_transcripts_that_parse(processor, model):
    decoder = Decoder(model, processor, PromptConfig())

    found = decoder.decode_tasks(["apa", "mdd"], [(clip(0.6), None)])

    (scores,), (heard,) = found["apa"], found["mdd"]
    assert isinstance(scores.answer, ApaAnswer) and isinstance(heard.answer, MddAnswer)
    assert all(abs(scores.distributions[aspect].sum() - 1) < 1e-6 for aspect in ASPECTS)
