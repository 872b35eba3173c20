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
