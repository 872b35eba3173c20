"""The layers of a decoder of transformers, called one by one, so that nothing waits for the device.

The `forward` of transformers looks at the mask and at the highest position on the host, which empties the
queue of a GPU in every pass, and which no CUDA graph can hold. Here both follow from shapes: sequences that
are whole are causal and padded on the right, where no token of theirs sees the padding, so they need no mask;
and the frequencies of the rotary embedding follow from the number of positions.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from enunciate.speech_lm.families.grouped_attention import GROUPED
from enunciate.speech_lm.families.packed_rows import PACKED, Packed

_WITHOUT_MASK = ("sdpa", GROUPED, PACKED, "flash_attention_2")
"""Attention that is causal where no mask is given."""
_LONGROPE = "longrope"


def can_run_layers(decoder: Any, longest: int) -> bool:
    """Whether `run_layers` computes what the decoder's own `forward` would.

    Args:
        decoder: The decoder without its output layer.
        longest: The number of positions, padding included.
    """
    config, rotary = decoder.config, decoder.rotary_emb
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    fits = longest <= (window or longest)
    if rotary.rope_type == _LONGROPE:
        fits = fits and longest <= config.rope_parameters["original_max_position_embeddings"]
    known = rotary.rope_type in (_LONGROPE, "default")
    return bool(fits and known and config._attn_implementation in _WITHOUT_MASK)


def can_pack_rows(decoder: Any) -> bool:
    """Whether the decoder's attention takes rows that are packed, as `use_packed_rows` sets it."""
    return decoder.config._attn_implementation == PACKED


def rotary_tables(decoder: Any, positions: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return cos and sin (B, L, R) of positions (B, L) under the limit of `can_run_layers`."""
    rotary = decoder.rotary_emb
    frequencies = rotary.original_inv_freq if rotary.rope_type == _LONGROPE else rotary.inv_freq
    angles = positions[..., None].float() * frequencies.to(positions.device, torch.float32)
    angles = torch.cat((angles, angles), dim=-1)
    scale = rotary.attention_scaling
    return (angles.cos() * scale).to(dtype), (angles.sin() * scale).to(dtype)


def run_layers(
    decoder: Any,
    embedded: Tensor,
    positions: Tensor,
    seen: Tensor | None = None,
    caches: Sequence[Any] | None = None,
    packed: Packed | None = None,
) -> Tensor:
    """Return the hidden states (B, L, D) after all layers and the last norm.

    Args:
        decoder: The decoder without its output layer.
        embedded: (B, L, D) embeddings.
        positions: (B, L) or (1, L) position ids.
        seen: (B, 1, L, S) what each token sees of the S keys; None for sequences that are whole.
        caches: For each layer the keys and values of earlier tokens, with the `update` of transformers'
            caches, and the `prefixes` of `grouped_attention`; None for none.
        packed: How the one row is packed, if it is (`packed_rows`); only where `can_pack_rows`.
    """
    tables = rotary_tables(decoder, positions, embedded.dtype)
    name = _cache_argument(decoder.layers[0])
    multiplier = getattr(decoder, "embedding_multiplier", None)  # Granite has one
    further: dict[str, Any] = {} if packed is None else {"packed": packed}
    hidden = embedded if multiplier is None else embedded * multiplier
    for index, layer in enumerate(decoder.layers):
        hidden = layer(
            hidden,
            attention_mask=seen,
            position_ids=positions,
            use_cache=caches is not None,
            position_embeddings=tables,
            **({} if caches is None else {name: caches[index]} | _shared(caches[index])),
            **further,
        )
    return cast("Tensor", decoder.norm(hidden))


def _shared(cache: Any) -> dict[str, Any]:
    return {"prefixes": cache.prefixes} if cache.prefixes else {}


def _cache_argument(layer: Any) -> str:
    # transformers 5.24 renamed `past_key_values` to `cache`
    parameters = inspect.signature(layer.forward).parameters
    return "cache" if "cache" in parameters else "past_key_values"


def compile_layers(decoder: Any, backend: str = "inductor") -> None:
    """Compile each layer, in place, for sequences of any length.

    Layers are compiled one by one, because all of them share the compiled code, and because PEFT and caches
    interrupt the graph of a whole model. The code is one for all lengths.
    """
    # Training, measuring and both kinds of attention mask are compiled apart from each other.
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, 64)  # pyright: ignore
    for layer in decoder.layers:
        layer.compile(dynamic=True, backend=backend)
