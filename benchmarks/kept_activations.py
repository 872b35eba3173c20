"""What a compiled layer of Phi-4-multimodal keeps for its backward pass, in numbers and megabytes a token.

    PYTHONPATH=src python benchmarks/kept_activations.py

The layer has an eighth of the width and of the rank, with heads of full size, and runs in bfloat16 on a CPU,
where torch's compiler divides it into forward and backward pass as on a GPU. Attention counts as expensive,
as flash attention on a GPU does. Sizes are printed as of full width.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn
from torch._functorch import partitioners
from transformers.models.phi4_multimodal.modeling_phi4_multimodal import Phi4MultimodalDecoderLayer

from enunciate.speech_lm.families.decoder_layers import compile_layers
from enunciate.speech_lm.families.phi4.config import full_config
from enunciate.speech_lm.training.working_copies import WorkingCopies

SHARE = 8
LAYERS, RANK, HEAD, ROTATED = 32, 320, 128, 96
LINEAR = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]


class Wrapped(nn.Module):
    """A module with one layer, as PEFT wants it."""

    def __init__(self) -> None:
        super().__init__()
        config = full_config()
        config.hidden_size //= SHARE
        config.intermediate_size //= SHARE
        config.num_attention_heads //= SHARE
        config.num_key_value_heads //= SHARE
        config._attn_implementation = "sdpa"
        self.width = config.hidden_size
        self.layer = Phi4MultimodalDecoderLayer(config, 0)

    def forward(self, hidden: Tensor, tables: tuple[Tensor, Tensor]) -> Tensor:
        """Run the layer on (B, L, D)."""
        return self.layer(
            hidden, attention_mask=None, position_ids=None, use_cache=False, position_embeddings=tables
        )


def count_attention_as_expensive() -> None:
    """Let the compiler treat attention on a CPU as it treats flash attention on a GPU."""
    lists: Any = partitioners.get_default_op_list

    def with_attention() -> Any:
        found = lists()
        found.compute_intensive_ops.add(torch.ops.aten._scaled_dot_product_flash_attention_for_cpu)
        return found

    partitioners.get_default_op_list = with_attention


def kept_by(model: nn.Module, width: int, rows: int, length: int) -> dict[int, tuple[int, str]]:
    """Run both passes, and return bytes and shapes of what is kept beside the weights, by their places."""
    kept: dict[int, tuple[int, str]] = {}
    weights = {value.untyped_storage().data_ptr() for value in (*model.parameters(), *model.buffers())}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes(), f"{tuple(tensor.shape)} {tensor.dtype}"
        return tensor

    hidden = torch.randn(rows, length, width, dtype=torch.bfloat16, requires_grad=True)
    cos, sin = torch.randn(2, 1, length, ROTATED, dtype=torch.bfloat16)
    with (
        torch.autocast("cpu", torch.bfloat16),
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
    ):
        out = model(hidden, (cos, sin))
    out.float().square().mean().backward()
    return kept


def main() -> None:
    """Print what is kept, the largest first."""
    torch.manual_seed(0)
    count_attention_as_expensive()
    rank = RANK // SHARE
    lora = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.01, target_modules=LINEAR)
    wrapped = Wrapped().to(torch.bfloat16)
    model = get_peft_model(wrapped, lora).train()  # pyright: ignore[reportArgumentType]
    WorkingCopies(model)
    compile_layers(SimpleNamespace(layers=[wrapped.layer]))
    kept_by(model, wrapped.width, 2, 30)  # a layer is compiled anew when it first sees another length
    rows, length = 3, 40
    kept = kept_by(model, wrapped.width, rows, length)
    share = SHARE / (rows * length)
    for size, shape in sorted(kept.values(), reverse=True):
        if size > rows * length:
            print(f"{size * share:8.0f} bytes a token  {shape}")
    total = LAYERS * share * sum(size for size, _ in kept.values())
    print(f"{total / 1e6:.2f} MB a token in {LAYERS} layers")


if __name__ == "__main__":
    main()
