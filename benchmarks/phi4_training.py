"""The ways to train Phi-4-multimodal that `train_throughput.py` compares."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
import torch.distributed
from phi4_sizes import Lengths, Size, random_model
from torch import Tensor, nn
from transformers.models.phi4_multimodal import modeling_phi4_multimodal as native

from enunciate.speech_lm.adapter import add_adapter, trainable
from enunciate.speech_lm.answer_loss import answer_loss
from enunciate.speech_lm.families.decoder_layers import compile_layers
from enunciate.speech_lm.families.phi4.masked_audio import audio_encoder
from enunciate.speech_lm.options import AdapterConfig
from enunciate.speech_lm.training.working_copies import WorkingCopies, add_up_gradients

JOINED_TOKENS = 8 * 448
"""A little over what 8 examples of APA with the full rubric have, so that the peak of the memory stays."""


@dataclass(frozen=True)
class Case:
    """One row."""

    plain: bool = False
    """The classes of transformers and the loss over all logits, as Hugging Face's Trainer computes it."""
    encode_once: bool = False
    bf16_lora: bool = False
    compile_layers: bool = False
    batches_as_one: int = 1
    """So many micro-batches of the row's size are computed as one."""
    join_to: int | Literal["auto"] = 0
    """Or as many as have at most so many tokens together, as the recipe's option of this name does."""
    instruction_first: bool = False
    """The instruction stands before the audio, where it is computed once, but for the plain way."""


ALL = Case(encode_once=True, bf16_lora=True, compile_layers=True)
CASES = {
    "plain": Case(plain=True),
    "ours": Case(),
    "ours, encode_once": Case(encode_once=True),
    "ours, bf16_lora": Case(bf16_lora=True),
    "ours, compile_layers": Case(compile_layers=True),
    "ours, micro-batch x4": Case(batches_as_one=4),
    "ours, join_to": Case(join_to=JOINED_TOKENS),
    "ours, all": ALL,
    "ours, all, micro-batch x2": replace(ALL, batches_as_one=2),
    "ours, all, join_to": replace(ALL, join_to=JOINED_TOKENS),
    "ours, all, micro-batch x4": replace(ALL, batches_as_one=4),
    "ours, all, join_to=auto": replace(ALL, join_to="auto"),
    "plain, instruction first": Case(plain=True, instruction_first=True),
    "ours, instruction first": Case(instruction_first=True),
    "ours, all, instruction first": replace(ALL, instruction_first=True),
    "ours, all, instruction first, join_to": replace(ALL, instruction_first=True, join_to=JOINED_TOKENS),
}


class Trainer:
    """A model and its optimiser, and one step of them."""

    def __init__(self, size: Size, case: Case, strategy: str, backend: str) -> None:
        """Build the model with the options of a row."""
        self.size, self.case = size, case
        base = random_model(size)
        adapter = AdapterConfig(
            strategy=strategy,  # pyright: ignore[reportArgumentType]
            start="fresh",
            rank=size.rank,
            alpha=2 * size.rank,
            dropout=0.01 if size.device.type == "cuda" else 0.0,
        )
        self.model = add_adapter(base, adapter).train()
        fill_lora(self.model)
        self.n_trained = sum(trainable(self.model).values())
        if case.plain:
            as_in_transformers(base)
        elif case.instruction_first:
            base.pack_rows()
        if case.compile_layers:
            compile_layers(base.language_model, backend)
        self.base = base
        self.copies = WorkingCopies(self.model) if case.bf16_lora else None
        masters = {} if self.copies is None else self.copies.masters
        self.trained = {
            name: masters.get(name, p) for name, p in self.model.named_parameters() if p.requires_grad
        }
        self.optimizer = torch.optim.AdamW(
            self.trained.values(), lr=2e-5, fused=size.device.type == "cuda", weight_decay=0.0
        )

    def shared(self, lengths: Lengths) -> int:
        """Return how many tokens the examples of a task begin with alike."""
        return lengths.instruction if self.case.instruction_first else 0

    def joined(self, batches: int, rows: int, lengths: Lengths, measured: Callable[[], int]) -> int:
        """Return how many of so many micro-batches, each of so many examples, are computed as one.

        `measured` says how many tokens fit, if the row leaves that to the memory.
        """
        shared = 0 if self.case.plain else self.shared(lengths)
        join_to = measured() if self.case.join_to == "auto" else self.case.join_to
        fitting = (join_to - shared) // (rows * (lengths.total - shared))
        return min(batches, max(self.case.batches_as_one, fitting))

    def prepared(self, batch: dict[str, Any], shared: int) -> dict[str, Any]:
        """Return a batch as this row takes it: without what the plain way does not know, or encoded.

        The examples begin with the same `shared` tokens.
        """
        if self.case.plain:
            return {name: value for name, value in batch.items() if name != "answer_places"}
        if shared:
            batch = batch | {"shared_tokens": shared}
        if not self.case.encode_once:
            return batch
        with torch.no_grad(), self.autocast():
            heard = self.base.encode(batch)
        kept = {name: value for name, value in batch.items() if not name.startswith("audio_")}
        return kept | {"heard_states": heard.states, "heard_tokens": heard.n_tokens}

    def autocast(self) -> Any:
        """Return the context of a forward pass."""
        bf16 = self.size.dtype == torch.bfloat16
        return torch.autocast(self.size.device.type, torch.bfloat16) if bf16 else nullcontext()

    def micro_batch(self, batch: dict[str, Any], items: int) -> Tensor:
        """Add the gradients of one micro-batch; returns its part of the loss."""
        with self.autocast():
            if self.case.plain:
                loss = self.model(**batch, num_items_in_batch=items).loss
            else:
                loss = answer_loss(self.model, batch, items)
        loss.backward()
        if self.copies is not None:
            self.copies.collect()
        return loss.detach()

    def forget(self) -> None:
        """Drop the gradients."""
        for parameter in self.trained.values():
            parameter.grad = None

    def update(self) -> None:
        """Change the weights, by the gradients of all processes."""
        if torch.distributed.is_initialized():
            add_up_gradients(self.trained.values())
        torch.nn.utils.clip_grad_norm_(list(self.trained.values()), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.copies is not None:
            self.copies.publish()


def fill_lora(model: nn.Module) -> None:
    """Give the B matrices values, without which the A matrices have no gradient."""
    chance = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_B." in name:
                parameter.copy_(1e-3 * torch.randn(parameter.shape, generator=chance))


def as_in_transformers(base: nn.Module) -> None:
    """Give a model the classes of transformers again, whose encoder is the same for clips of equal length."""
    encoder = audio_encoder(base)
    encoder.__class__ = native.Phi4MultimodalAudioModel
    for layer in encoder.encoders:
        layer.__class__ = native.Phi4MultimodalAudioConformerEncoderLayer
    base.__class__ = native.Phi4MultimodalForCausalLM
