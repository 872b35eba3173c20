"""A batch of prompts that grow token by token, with a cache of keys and values.

Prompts are padded on the left, so that all of them end at the same position; tokens that are fed later may be
left-padded too. Padding is masked and takes no position id, so a prompt is continued in the same way alone
and in any batch.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, cast

import torch
from peft import PeftModel
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import DynamicCache

from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.processor import Processor


def base_of(model: Phi4MultimodalForCausalLM | PeftModel) -> Phi4MultimodalForCausalLM:
    """Return the model inside PEFT's wrapper; its layers contain the adapter, if there is one."""
    return cast(Any, model).get_base_model() if isinstance(model, PeftModel) else model


def audio_embeddings(
    model: Phi4MultimodalForCausalLM, audio: dict[str, Tensor], audio_token_id: int
) -> list[Tensor]:
    """Return the embeddings of each clip's audio tokens, of shape (audio tokens, hidden size).

    Args:
        model: The model whose audio encoder and projector are applied.
        audio: A batch from `audio_batch.audio_batch`.
        audio_token_id: Id of the audio placeholder.
    """
    inner = cast(Any, model).model
    device = inner.norm.weight.device
    sizes = audio["audio_embed_sizes"].to(device)
    placeholders = torch.arange(int(sizes.max()), device=device)[None] < sizes[:, None]
    ids = torch.where(placeholders, audio_token_id, -1)
    nothing = torch.zeros(*ids.shape, model.config.hidden_size, dtype=inner.norm.weight.dtype, device=device)
    embedded: Tensor = inner.embed_tokens_extend.audio_embed(
        ids,
        nothing,
        audio_input_features=audio["audio_input_features"].to(device),
        audio_embed_sizes=sizes,
        audio_attention_mask=audio["audio_attention_mask"].to(device),
    )
    return [row[:size] for row, size in zip(embedded, sizes, strict=True)]


class Continuation:
    """A batch of sequences in the decoder, which tokens are appended to."""

    def __init__(self, model: Phi4MultimodalForCausalLM, processor: Processor) -> None:
        """Start with empty sequences."""
        self._model = model
        self._inner = cast(Any, model).model
        self._audio_token_id = processor.audio_token_id
        self._pad_token_id = processor.pad_token_id
        self._cache = DynamicCache()
        # transformers 5.24 renamed `past_key_values` to `cache`
        accepted = inspect.signature(self._inner.forward).parameters
        self._cache_argument = "cache" if "cache" in accepted else "past_key_values"
        self._hidden: Tensor | None = None
        self.device: torch.device = self._inner.norm.weight.device
        self._mask: Tensor | None = None

    def feed(self, rows: Sequence[Sequence[int]], audio: Sequence[Tensor] | None = None) -> None:
        """Append tokens to each sequence.

        Args:
            rows: The tokens for each sequence, possibly none.
            audio: Embeddings that replace the audio placeholders, if the rows contain any.
        """
        ids = self._padded(rows, self._pad_token_id)
        there = self._padded([[1] * len(row) for row in rows], 0)
        embedded: Tensor = self._inner.embed_tokens(ids)
        if audio is not None:
            embedded = embedded.masked_scatter(
                (ids == self._audio_token_id)[..., None], torch.cat(list(audio)).to(embedded.dtype)
            )
        self._advance(embedded, there)

    def truncate(self, n_tokens: int) -> None:
        """Remove the last `n_tokens` positions; there are no logits until something is fed again."""
        self._cache.crop(-n_tokens)
        assert self._mask is not None
        self._mask = self._mask[:, :-n_tokens]
        self._hidden = None

    def logits(self) -> Tensor:
        """Return the logits of the next token, float32 of shape (B, V)."""
        assert self._hidden is not None
        return cast(Any, self._model).lm_head(self._hidden).float()

    def logits_of(self, tokens: Sequence[int]) -> Tensor:
        """Return the logits of some tokens only, float32 of shape (B, tokens).

        They are computed in float32 from the embeddings, which are the output layer's weights: bfloat16 has
        a resolution of 1/8 for logits around 20, too coarse for a distribution over scores.
        """
        assert self._hidden is not None
        chosen = torch.tensor(tokens, device=self.device)
        if not self._model.config.tie_word_embeddings:
            return self.logits()[:, chosen]
        return self._hidden.float() @ cast(Tensor, self._inner.embed_tokens(chosen)).float().T

    def _padded(self, rows: Sequence[Sequence[int]], value: int) -> Tensor:
        tensors = [torch.tensor(row, dtype=torch.long) for row in rows]
        padded = pad_sequence(tensors, batch_first=True, padding_value=value, padding_side="left")
        return padded.to(self.device)

    def _advance(self, embedded: Tensor, there: Tensor) -> None:
        before = 0 if self._mask is None else self._mask.sum(dim=1, keepdim=True)
        positions = (before + there.cumsum(dim=1) - 1).clamp(min=0)
        self._mask = there if self._mask is None else torch.cat([self._mask, there], dim=1)
        output = self._inner(
            inputs_embeds=embedded,
            attention_mask=self._mask,
            position_ids=positions,
            use_cache=True,
            **{self._cache_argument: self._cache},
        )
        self._hidden = cast(Tensor, output.last_hidden_state)[:, -1]
