"""An estimate of the memory that training takes, from a model without weights: to refuse early and to advise.

Activations follow a rule of thumb for this architecture, calibrated on a measurement on an H200 (42 GiB for 8
examples of 539 tokens with every logit kept); it is accurate to about a fifth.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn

from enunciate.speech_lm.adapter import add_adapter, trainable
from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.families.family import Family
from enunciate.speech_lm.families.names import FamilyName
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.options import AdapterConfig
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.data import AdapterExample
from enunciate.speech_lm.training.shared_instruction import by_instruction, pass_tokens

GIB = 1 << 30
_TRAINED_BYTES = 16
"""Bytes per trained weight: the weight, its gradient and two moments, in float32."""
_OVERHEAD_BYTES = 1.5 * GIB
"""Taken by CUDA, its libraries and fragmentation."""
_LOGIT_BYTES = 10
"""Bytes per logit: in the model's precision, in float32, and its gradient."""


@dataclass(frozen=True)
class LargestBatch:
    """The sizes of the batch that takes most memory: the one with the longest examples."""

    tokens: int
    answer_tokens: int
    audio_tokens: int

    @classmethod
    def of(
        cls, recipe: AdapterRecipe, examples: Sequence[AdapterExample], geometry: AudioGeometry
    ) -> LargestBatch:
        """Measure the batch with the longest examples, or one of short examples that are joined."""
        longest = [
            sorted(alike, key=lambda example: -example.length)[: recipe.batch_size]
            for alike in by_instruction(examples)
        ]
        join_to = 0 if recipe.join_to == "auto" or not examples else recipe.join_to  # "auto" is made to fit

        def largest(count: Callable[[AdapterExample], int]) -> int:
            alone = max((len(batch) * max(map(count, batch)) for batch in longest), default=0)
            own = (count(e) / (e.length - len(e.instruction)) for e in examples)
            return math.ceil(max(alone, join_to * max(own, default=0)))

        return cls(
            max(join_to, *map(pass_tokens, longest), 0),
            largest(lambda e: len(e.answer_ids)),
            largest(lambda e: geometry.n_tokens(e.n_frames)),
        )

    def scaled(self, share: float) -> LargestBatch:
        """Return the sizes of a batch `share` times as large."""
        return LargestBatch(
            int(self.tokens * share), int(self.answer_tokens * share), int(self.audio_tokens * share)
        )


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes on one device."""

    frozen: float
    trained: float
    activations: float

    @property
    def total(self) -> float:
        """All of them, with the overhead of the libraries."""
        return self.frozen + self.trained + self.activations + _OVERHEAD_BYTES


def estimate_memory(config: Any, recipe: AdapterRecipe, largest: LargestBatch) -> MemoryEstimate:
    """Estimate the memory of training on one device without sharding."""
    family = family_named(recipe.kind)
    total, trained = parameter_counts(family, config, recipe.adapter)
    number = 2 if recipe.precision == "bf16" else 4
    sizes = family.sizes(config)
    layer = number * largest.tokens * (10 * sizes.hidden + 5 * sizes.intermediate)
    activations = sizes.layers * layer
    block = number * largest.audio_tokens * 40 * sizes.audio_hidden
    encoder = sizes.audio_layers * block if recipe.adapter.strategy == "unfreeze" else block
    if recipe.gradient_checkpointing:
        activations = layer + number * largest.tokens * sizes.hidden * sizes.layers
        encoder = block + number * largest.audio_tokens * sizes.audio_hidden * sizes.audio_layers
    logits = _LOGIT_BYTES * largest.answer_tokens * sizes.vocabulary
    return MemoryEstimate(
        number * (total - trained), _TRAINED_BYTES * trained, activations + encoder + logits
    )


def parameter_counts(family: Family, config: Any, adapter: AdapterConfig) -> tuple[int, int]:
    """Return the parameters of the model with its adapter: all, and the trained ones."""
    return _parameter_counts(family.name, config.to_json_string(use_diff=False), adapter.model_dump_json())


@cache
def _parameter_counts(name: FamilyName, config: str, adapter: str) -> tuple[int, int]:
    family = family_named(name)
    shape = family.config_class().from_dict(json.loads(config))
    model = meta_model(family, shape, AdapterConfig.model_validate_json(adapter))
    return sum(parameter.numel() for parameter in model.parameters()), sum(trainable(model).values())


def meta_model(
    family: Family, config: Any, adapter: AdapterConfig, control_ids: Sequence[int] = ()
) -> nn.Module:
    """Build the model with its adapter on the meta device, where it has shapes but takes no memory."""
    return add_adapter(family.random(config, torch.float32, "meta"), adapter, control_ids)
