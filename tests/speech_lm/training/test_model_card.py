"""The card of an adapter says what was trained, on what."""

import pytest

from enunciate.speech_lm.training.model_card import render_card
from enunciate.trainers import load_recipe


def card(recipe="whisper-base-lora", *changes):
    return render_card(load_recipe(recipe, [*changes]), {"steps": 632, "best_step": None})


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("decoder", "on the decoder,"),
        ("encoder", "on the audio encoder,"),
        ("both", "on the audio encoder and the decoder,"),
    ],
)
def test_the_layers_with_lora_are_named(where, named):
    assert f"a LoRA adapter {named} everything else frozen" in card(
        "whisper-base-lora", f"adapter.where={where}"
    )


def test_what_is_trained_whole_is_named():
    assert "on the decoder, and the audio encoder and the audio projector whole" in card(
        "whisper-base-unfreeze"
    )


@pytest.mark.parametrize(
    ("protocol", "data"), [("official", "all of its train split; measured"), ("everything", "both splits")]
)
def test_the_data_are_those_of_the_protocol(protocol, data):
    assert f"Speechocean762 (CC BY 4.0), {data}" in card("whisper-base-lora", f"protocol={protocol}")


def test_the_card_says_whether_the_text_was_in_the_prompt():
    assert "without reference text in the prompt" in card()
    assert "with reference text in the prompt" in card("whisper-base-lora", "prompt.reference_text=true")
    both = card("whisper-base-lora", "prompt.reference_text=true", "also_without_text=true")
    assert "each example with and without reference text in the prompt" in both


def test_figures_without_the_text_have_a_column_of_their_own():
    metrics = {"steps": 1, "best_step": None, "report_per": 0.1, "report_without_text_per": 0.2}
    text = render_card(load_recipe("whisper-base-lora"), metrics)

    assert "| | held-out speakers | held-out speakers, without the text |" in text
    assert "| phone error rate | 0.1 | 0.2 |" in text
