"""What families share whose decoder reads audio tokens among its text tokens, as most do."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import DynamicCache

from enunciate.speech_lm.answer_loss import answer_output, places_after
from enunciate.speech_lm.families.decoder_layers import can_pack_rows, can_run_layers, run_layers
from enunciate.speech_lm.families.packed_rows import own_tokens, pack, packed_positions, use_packed_rows
from enunciate.speech_lm.families.speech_model import Heard, float32_logits, heard_in


class TokenState:
    """The decoder's cache, and the audio until its placeholders have been fed."""

    def __init__(self, heard: Heard | None) -> None:
        self.cache: Any = DynamicCache()
        self.heard = heard

    def crop(self, n_tokens: int) -> None:
        """Forget the last `n_tokens` positions."""
        self.cache.crop(-n_tokens)

    def select(self, rows: Tensor) -> None:
        """Keep these rows, in this order."""
        self.cache.batch_select_indices(rows)

    def branch(self, heard: Heard, rows: Tensor) -> TokenState:
        """Return the state of sequences about other clips that begin with copies of these rows."""
        other = TokenState(heard)
        other.cache = copy.deepcopy(self.cache)
        other.select(rows)
        return other


class DecoderOnly:
    """A mixin for a causal language model of transformers with an audio encoder."""

    config: Any
    checkpoint: Path | None = None
    """Folder from which the weights were loaded; None for random weights."""

    # ---------------------------------------------------------------------- what a family has to say

    @property
    def audio_token_id(self) -> int:
        """Id of the audio placeholder."""
        return cast("int", self.config.audio_token_id)

    @property
    def language_model(self) -> Any:
        """The decoder without its output layer."""
        raise NotImplementedError

    @property
    def embedding(self) -> nn.Module:
        """The embedding of the text tokens."""
        return cast("nn.Module", self.language_model.embed_tokens)

    @property
    def ties_embeddings(self) -> bool:
        """Whether the output layer has the weights of the embedding."""
        return cast("bool", self.config.get_text_config().tie_word_embeddings)

    @property
    def output_layer(self) -> nn.Module:
        """From hidden states to logits."""
        return cast("nn.Module", cast("Any", self).lm_head)

    def encode(self, audio: Mapping[str, Tensor]) -> Heard:
        """Encode clips to the embeddings of their audio tokens."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------- what follows from it

    @property
    def weight_dtype(self) -> torch.dtype:
        """Precision of the frozen weights."""
        return cast("torch.dtype", self.language_model.norm.weight.dtype)

    @property
    def n_vocabulary(self) -> int:
        """Number of logits."""
        return cast("int", self.config.get_text_config().vocab_size)

    def begin(self, heard: Heard) -> TokenState:
        """Start sequences, which are still empty."""
        return TokenState(heard)

    def advance(self, ids: Tensor, mask: Tensor, positions: Tensor, state: TokenState) -> Tensor:
        """Append tokens to sequences; see `SpeechModel.advance`."""
        embedded = self.embed(ids, state.heard)
        state.heard = None  # the placeholders are in the prompt, which is fed as a whole
        decoder = self.language_model
        # transformers 5.24 renamed `past_key_values` to `cache`
        name = "cache" if "cache" in inspect.signature(decoder.forward).parameters else "past_key_values"
        output = decoder(
            inputs_embeds=embedded,
            attention_mask=mask,
            position_ids=positions,
            use_cache=True,
            **{name: state.cache},
        )
        return cast("Tensor", output.last_hidden_state)

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the logits of hidden states."""
        return cast("Tensor", self.output_layer(hidden))

    def logits_of(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """Return the logits of some tokens only, in float32; see `SpeechModel.logits_of`."""
        if self.ties_embeddings:
            return float32_logits(hidden, cast("Tensor", self.embedding(tokens)))
        return float32_logits(hidden, cast("Tensor", self.output_layer.weight)[tokens])

    def forward(self, input_ids: Tensor | None = None, *args: Any, **kwargs: Any) -> Any:
        """Compute as transformers does; with labels, as `SpeechModel.forward` says.

        After `pack_rows`, the first `shared_tokens` tokens, which all rows have, are computed once.
        """
        shared = kwargs.pop("shared_tokens", 0)
        labels = kwargs.pop("labels", None)
        if labels is None:
            return cast("Any", super()).forward(input_ids, *args, **kwargs)
        assert input_ids is not None
        heard = heard_in(self, kwargs).of(kwargs.get("clip_of_row"))
        embedded = self.embed(input_ids, heard)
        items, places = kwargs.get("num_items_in_batch"), kwargs.get("answer_places")
        decoder, length = self.language_model, embedded.shape[1]
        if shared and can_pack_rows(decoder) and can_run_layers(decoder, length):
            hidden = self._sequences_that_share(embedded, shared)
            labels, places = labels[:, shared:], places_after(shared, places, length)
        else:
            hidden = self._whole_sequences(embedded, kwargs["attention_mask"])
        return answer_output(hidden, labels, self.logits, items, places)

    def _whole_sequences(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """Return the hidden states of sequences that are padded on the right, if at all."""
        decoder, length = self.language_model, embedded.shape[1]
        if not can_run_layers(decoder, length):
            return decoder(inputs_embeds=embedded, attention_mask=mask, use_cache=False).last_hidden_state
        positions = torch.arange(length, device=embedded.device)[None]
        return run_layers(decoder, self._like_any_input(embedded), positions)

    def _sequences_that_share(self, embedded: Tensor, shared: int) -> Tensor:
        """Return the hidden states (B, L - P, D) after the P tokens that sequences (B, L, D) share."""
        packed = shared, embedded.shape[0]
        positions = packed_positions(embedded.shape[1], packed, embedded.device)
        row = self._like_any_input(pack(embedded, shared))
        return own_tokens(run_layers(self.language_model, row, positions, packed=packed), packed)

    def _like_any_input(self, embedded: Tensor) -> Tensor:
        """Return embeddings that need a gradient in training, as compiled layers see one kind of input."""
        if torch.is_grad_enabled() and self.language_model.training and not embedded.requires_grad:
            return embedded.detach().requires_grad_()
        return embedded

    def pack_rows(self) -> None:
        """From now on compute once what the rows of a batch share, where its attention is `sdpa`."""
        if self.language_model.config._attn_implementation == "sdpa":
            use_packed_rows(self.language_model)

    def embed(self, ids: Tensor, heard: Heard | None) -> Tensor:
        """Return embeddings (B, L, D) with audio in the place of its placeholders."""
        embedded = cast("Tensor", self.embedding(ids))
        if heard is None:
            return embedded
        there = ids == self.audio_token_id
        place = (there.cumsum(1) - 1).clamp(0, heard.states.shape[1] - 1)
        audio = heard.states.gather(1, place.unsqueeze(2).expand(-1, -1, heard.states.shape[2]))
        return torch.where(there.unsqueeze(2), audio.to(embedded.dtype), embedded)
