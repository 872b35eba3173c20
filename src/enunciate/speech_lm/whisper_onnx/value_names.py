"""The names of the decoder's inputs and outputs."""

from __future__ import annotations


def cross_names(layer: int) -> tuple[str, str]:
    """The names of a layer's keys and values of the audio."""
    return f"cross_keys_{layer}", f"cross_values_{layer}"


def past_names(layer: int) -> tuple[str, str]:
    """The names of a layer's keys and values of the tokens so far."""
    return f"past_keys_{layer}", f"past_values_{layer}"


def present_names(layer: int) -> tuple[str, str]:
    """The names of a layer's keys and values with the new tokens."""
    return f"keys_{layer}", f"values_{layer}"
