"""About how much memory training takes, from a model without weights: to refuse early, and to say what helps.

Activations are a rule of thumb for this architecture, set so that it gives what was measured on an H200
(42 GiB for 8 examples of 539 tokens with every logit kept); it is right to a fifth or so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import torch
from torch import nn
from transformers import Phi4MultimodalConfig

from enunciate.speech_lm.adapter import add_adapter, trainable
from enunciate.speech_lm.families.phi4.model import random_base
from enunciate.speech_lm.options import AdapterConfig
from enunciate.speech_lm.training.adapter_recipe import Phi4Recipe
from enunciate.speech_lm.training.data import Example

GIB = 1 << 30
_TRAINED_BYTES = 16
"""Of a trained weight: itself, its gradient and two moments, in float32."""
_OVERHEAD_BYTES = 1.5 * GIB
"""What CUDA, its libraries and fragments take."""
_LOGIT_BYTES = 10
"""Of a logit: in the model's precision, in float32, and its gradient."""


@dataclass(frozen=True)
class Load:
    """The batch that takes most: the longest examples."""

    tokens: int
    answer_tokens: int
    audio_tokens: int

    @classmethod
    def of(cls, recipe: Phi4Recipe, examples: Sequence[Example]) -> Load:
        """Of the batch with the longest examples."""
        longest = sorted(examples, key=lambda example: -example.length)[: recipe.batch_size]
        size = len(longest)
        return cls(
            size * max((e.length for e in longest), default=0),
            size * max((len(e.answer_ids) for e in longest), default=0),
            size * max((-(-e.n_frames // 8) for e in longest), default=0),
        )

    def with_batch(self, share: float) -> Load:
        """Of a batch so many times as large."""
        return Load(int(self.tokens * share), int(self.answer_tokens * share), int(self.audio_tokens * share))


@dataclass(frozen=True)
class Estimate:
    """Bytes on one device."""

    frozen: float
    trained: float
    activations: float

    @property
    def total(self) -> float:
        """All of them, and what the libraries take."""
        return self.frozen + self.trained + self.activations + _OVERHEAD_BYTES


def estimate(config: Phi4MultimodalConfig, recipe: Phi4Recipe, load: Load) -> Estimate:
    """What training takes on one device without sharding."""
    every, trained = sizes(config, recipe.adapter)
    number = 2 if recipe.precision == "bf16" else 4
    text, audio = cast("Any", config), cast("Any", config).audio_config
    layer = number * load.tokens * (10 * text.hidden_size + 5 * text.intermediate_size)
    activations = text.num_hidden_layers * layer
    block = number * load.audio_tokens * 40 * audio.hidden_size
    hearing = audio.num_blocks * block if recipe.adapter.strategy == "unfreeze" else block
    if recipe.gradient_checkpointing:
        activations = layer + number * load.tokens * text.hidden_size * text.num_hidden_layers
        hearing = block + number * load.audio_tokens * audio.hidden_size * audio.num_blocks
    logits = _LOGIT_BYTES * load.answer_tokens * text.vocab_size
    return Estimate(number * (every - trained), _TRAINED_BYTES * trained, activations + hearing + logits)


def sizes(config: Phi4MultimodalConfig, adapter: AdapterConfig) -> tuple[int, int]:
    """Parameters of the model with its adapter, and those of them that are trained."""
    return _sizes(config.to_json_string(use_diff=False), adapter.model_dump_json())


@cache
def _sizes(config: str, adapter: str) -> tuple[int, int]:
    shape = cast("Any", Phi4MultimodalConfig).from_dict(json.loads(config))
    model = without_weights(shape, AdapterConfig.model_validate_json(adapter))
    return sum(parameter.numel() for parameter in model.parameters()), sum(trainable(model).values())


def without_weights(
    config: Phi4MultimodalConfig, adapter: AdapterConfig, control_ids: Sequence[int] = ()
) -> nn.Module:
    """The model with its adapter on the meta device: shapes and no memory."""
    return add_adapter(random_base(config, torch.float32, "meta"), adapter, control_ids)
