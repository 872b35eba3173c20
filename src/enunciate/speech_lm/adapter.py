"""What is trained on top of the frozen base: its LoRA, embeddings of control tokens, and the hearing parts.

The file formats are PEFT's, so any tool that reads a PEFT folder reads ours. Everything trained is kept in
float32 whatever the base is kept in: at a learning rate of 2e-5 most updates of a bfloat16 weight would be
rounded to nothing.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.utils import ModulesToSaveWrapper
from peft.utils.save_and_load import (
    get_peft_model_state_dict,  # pyright: ignore[reportUnknownVariableType]
    set_peft_model_state_dict,  # pyright: ignore[reportUnknownVariableType]
)
from safetensors.torch import (
    load_file,  # pyright: ignore[reportUnknownVariableType]
    save_file,  # pyright: ignore[reportUnknownVariableType]
)
from torch import Tensor, nn

from enunciate.errors import EnunciateError, ModelNotFoundError
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.families.phi4.model import prepare
from enunciate.speech_lm.options import AdapterConfig

LORA_TARGETS = r"model\.layers\.\d+\.(self_attn\.(qkv_proj|o_proj)|mlp\.(gate_up_proj|down_proj))"
"""The decoder alone: the audio encoder has modules of the same names."""
HEARING = ("audio_embed.encoder", "up_proj_for_speech", "down_proj_for_speech")
"""The audio encoder and the projector that speech without images goes through."""
SPEECH_ADAPTER = "speech-lora"
"""Folder of the checkpoint's own speech adapter."""
_SPEECH_SHAPE: dict[str, Any] = {"r": 320, "lora_alpha": 640, "lora_dropout": 0.01}

CONFIG_FILE, WEIGHTS_FILE = "adapter_config.json", "adapter_model.safetensors"


def add_adapter(
    base: Phi4MultimodalForCausalLM, config: AdapterConfig, control_ids: Sequence[int] = ()
) -> PeftModel:
    """Wrap a base, in place, so that nothing but what the strategy trains is trainable.

    Args:
        base: from `model.load_base` or `model.random_base`; on `meta` the speech adapter is shapes alone.
        config: the strategy.
        control_ids: ids of control tokens whose embeddings are trained; the output layer shares them.

    Raises:
        ModelNotFoundError: the strategy starts from the speech adapter and the base came without one.
    """
    weights: dict[str, Tensor] | None = None
    shape: dict[str, Any] = {"r": config.rank, "lora_alpha": config.alpha, "lora_dropout": config.dropout}
    if config.start == "speech" and base.device.type == "meta":
        shape = _SPEECH_SHAPE
    elif config.start == "speech":
        shape, weights = _speech_adapter(base)
    settings = LoraConfig(
        **shape,
        target_modules=LORA_TARGETS,
        modules_to_save=list(HEARING) if config.strategy == "unfreeze" else None,
        trainable_token_indices={"embed_tokens": list(control_ids)} if control_ids else None,
        task_type="CAUSAL_LM",
    )
    model = _wrap(base, settings)
    if weights is not None:
        _fill(model, weights, str(base.checkpoint), only_lora=True)
    return model


def _speech_adapter(base: Phi4MultimodalForCausalLM) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Shape and weights of the checkpoint's own adapter."""
    if base.checkpoint is None or not (base.checkpoint / SPEECH_ADAPTER / WEIGHTS_FILE).is_file():
        raise ModelNotFoundError(
            f"{base.checkpoint or 'this base'}: no {SPEECH_ADAPTER}/{WEIGHTS_FILE} to go on from. "
            "Begin a new adapter (adapter: {start: fresh}), or give a checkpoint that has one"
        )
    folder = base.checkpoint / SPEECH_ADAPTER
    found = _settings_of(folder)
    shape = {name: getattr(found, name) for name in (*_SPEECH_SHAPE, "use_rslora")}
    return shape, load_file(folder / WEIGHTS_FILE)


def _settings_of(folder: Path) -> LoraConfig:
    """Read `adapter_config.json`.

    Raises:
        ModelNotFoundError: there is no adapter in the folder, or none in safetensors.
        EnunciateError: it is broken, or an adapter of another kind.
    """
    path = folder / CONFIG_FILE
    for needed in (path, folder / WEIGHTS_FILE):
        if not needed.is_file():
            raise ModelNotFoundError(
                f"{folder}: no adapter in it: {needed.name} is missing (other formats are not read)"
            )
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["peft_type"] != "LORA":
            raise EnunciateError(f"{path}: an adapter of type {values['peft_type']}, not LORA")
        return cast("LoraConfig", LoraConfig.from_pretrained(str(folder)))  # pyright: ignore[reportUnknownMemberType]
    except (ValueError, KeyError, TypeError) as error:
        raise EnunciateError(f"{path}: not the configuration of an adapter: {error!r}") from error


def _wrap(base: Phi4MultimodalForCausalLM, settings: LoraConfig) -> PeftModel:
    """PEFT's wrapper, with what is trained in float32 and no second copy of the parts trained whole."""
    # PEFT makes and starts its matrices on the CPU, which on meta would be seconds for nothing.
    with torch.device("meta") if base.device.type == "meta" else nullcontext():
        model = cast("PeftModel", get_peft_model(base, settings))
    for module in model.modules():
        if isinstance(module, ModulesToSaveWrapper):
            module.original_module = ReplacedByTrained()
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return model


class ReplacedByTrained(nn.Module):
    """In the place of a module that is trained whole, which PEFT would keep to switch back to.

    It saves 0.9 GiB; `PeftModel.disable_adapter` does not work on such a model, load the base again instead.
    """


def trainable(model: nn.Module) -> dict[str, int]:
    """Sizes of all trainable parameters by name."""
    return {
        name: parameter.numel() for name, parameter in model.named_parameters() if parameter.requires_grad
    }


def save_adapter(model: PeftModel, folder: Path, state_dict: Mapping[str, Tensor] | None = None) -> None:
    """Write `adapter_model.safetensors` and `adapter_config.json`: all that was trained.

    Args:
        model: what `add_adapter` or `load_adapter` returned.
        folder: made if need be; other files in it stay.
        state_dict: of the whole model, where it is sharded (FSDP) and had to be gathered.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = get_peft_model_state_dict(
        model, state_dict=None if state_dict is None else dict(state_dict), save_embedding_layers=False
    )
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}
    partial = folder / (WEIGHTS_FILE + ".partial")
    save_file(tensors, partial, metadata={"format": "pt"})
    settings = copy.copy(model.peft_config["default"])
    settings.inference_mode = True
    settings.save_pretrained(str(folder))  # pyright: ignore[reportUnknownMemberType]
    partial.replace(folder / WEIGHTS_FILE)


def load_adapter(base: Phi4MultimodalForCausalLM, folder: Path, *, trainable: bool) -> PeftModel:
    """Put a saved adapter on its base, in place.

    Args:
        base: the model that it was trained on.
        folder: what `save_adapter` wrote, or another LoRA in PEFT's format for this model.
        trainable: to go on training it; otherwise it is frozen and without dropout.

    Raises:
        ModelNotFoundError: there is no adapter in the folder.
        EnunciateError: it does not fit this base.
    """
    settings = _settings_of(folder)
    settings.inference_mode = False  # what is trainable is what becomes float32
    settings.base_model_name_or_path = base.name_or_path or None
    model = _wrap(base, settings)
    _fill(model, load_file(folder / WEIGHTS_FILE), str(folder))
    if not trainable:
        model.requires_grad_(requires_grad=False)
        model.eval()
    return model


def _fill(model: PeftModel, weights: dict[str, Tensor], source: str, *, only_lora: bool = False) -> None:
    """Set the adapter's weights, all of them and nothing else."""
    there = get_peft_model_state_dict(model, save_embedding_layers=False)
    if only_lora:
        weights = {name: value for name, value in there.items() if ".lora_" not in name} | weights
    wrong = sorted(
        {name for name in there.keys() | weights.keys() if name not in weights or name not in there}
        | {name for name in there.keys() & weights.keys() if there[name].shape != weights[name].shape}
    )
    if wrong:
        raise EnunciateError(
            f"{source}: the adapter does not fit this model: {len(wrong)} of {len(there)} tensors are "
            f"missing, unknown or of another shape, such as {wrong[0]}. Take the base that it was trained on"
        )
    set_peft_model_state_dict(model, weights)


def merged(model: PeftModel) -> Phi4MultimodalForCausalLM:
    """The base with the adapter worked into its weights, all in the base's precision; uses up `model`."""
    dtype = cast("Any", model.get_base_model()).model.norm.weight.dtype
    whole = [module for module in model.modules() if isinstance(module, ModulesToSaveWrapper)]
    for module in whole:
        module.to(dtype)
    base = cast("nn.Module", model.merge_and_unload())
    return prepare(base).eval()
