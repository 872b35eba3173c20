"""A tiny Whisper with random weights, in transformers and under CTranslate2's names."""

import numpy as np
import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

VOCABULARY = 600


def tiny_whisper(seed: int = 0) -> WhisperForConditionalGeneration:
    """Two layers of 32 channels on each side; weights so large that everything tells on the output."""
    config = WhisperConfig(
        vocab_size=VOCABULARY,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_source_positions=1500,
        max_target_positions=200,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
        decoder_start_token_id=0,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    torch.manual_seed(seed)
    model = WhisperForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim >= 2 and "positions" not in name:
                parameter.normal_(0, parameter[0].numel() ** -0.5)
            elif parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def ctranslate2_names(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights in half precision, as a converter to CTranslate2 writes them, and a number beside them."""
    arrays: dict[str, np.ndarray] = {"decoder/num_heads": np.array(2, dtype=np.int8)}
    for side in ("encoder", "decoder"):
        own = {
            name.removeprefix(f"model.{side}."): values
            for name, values in state.items()
            if name.startswith(f"model.{side}.")
        }
        arrays[f"{side}/position_encodings/encodings"] = own["embed_positions.weight"]
        arrays |= _norm(f"{side}/layer_norm", own, "layer_norm")
        for layer in range(2):
            arrays |= _layer(f"{side}/layer_{layer}", own, f"layers.{layer}")
        if side == "encoder":
            arrays |= _linear("encoder/conv1", own, "conv1") | _linear("encoder/conv2", own, "conv2")
        else:
            arrays["decoder/embeddings/weight"] = own["embed_tokens.weight"]
    return {
        name: values.astype(np.float16) if values.dtype.kind == "f" else values
        for name, values in arrays.items()
    }


def _layer(place, own, name):
    arrays = _norm(f"{place}/self_attention/layer_norm", own, f"{name}.self_attn_layer_norm")
    arrays |= _linear(f"{place}/self_attention/linear_0", own, *(f"{name}.self_attn.{x}_proj" for x in "qkv"))
    arrays |= _linear(f"{place}/self_attention/linear_1", own, f"{name}.self_attn.out_proj")
    if f"{name}.encoder_attn.q_proj.weight" in own:
        other = f"{name}.encoder_attn"
        arrays |= _norm(f"{place}/attention/layer_norm", own, f"{name}.encoder_attn_layer_norm")
        arrays |= _linear(f"{place}/attention/linear_0", own, f"{other}.q_proj")
        arrays |= _linear(f"{place}/attention/linear_1", own, f"{other}.k_proj", f"{other}.v_proj")
        arrays |= _linear(f"{place}/attention/linear_2", own, f"{other}.out_proj")
    arrays |= _norm(f"{place}/ffn/layer_norm", own, f"{name}.final_layer_norm")
    arrays |= _linear(f"{place}/ffn/linear_0", own, f"{name}.fc1")
    return arrays | _linear(f"{place}/ffn/linear_1", own, f"{name}.fc2")


def _norm(place, own, name):
    return {f"{place}/gamma": own[f"{name}.weight"], f"{place}/beta": own[f"{name}.bias"]}


def _linear(place, own, *names):
    weights = [own[f"{name}.weight"] for name in names]
    biases = [
        own.get(f"{name}.bias", np.zeros(len(w), np.float32)) for name, w in zip(names, weights, strict=True)
    ]
    return {f"{place}/weight": np.concatenate(weights), f"{place}/bias": np.concatenate(biases)}
