"""The trained part beside the frozen base: LoRA, embeddings of control tokens, and the audio modules.

The file formats are PEFT's, so any tool that reads a PEFT folder reads ours. Trained weights are float32
whatever the precision of the base: at a learning rate of 2e-5 most updates of a bfloat16 weight would be
rounded away.
"""

from __future__ import annotations

import copy
import json
import re
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
from enunciate.speech_lm.families.family import Family
from enunciate.speech_lm.families.registry import family_of
from enunciate.speech_lm.options import AdapterConfig

PREFIX = "base_model.model."
"""What PEFT puts before the names of a model's modules."""
CONFIG_FILE, WEIGHTS_FILE = "adapter_config.json", "adapter_model.safetensors"


def add_adapter(base: nn.Module, config: AdapterConfig, control_ids: Sequence[int] = ()) -> PeftModel:
    """Wrap a base, in place, so that only what the strategy trains is trainable.

    Args:
        base: A `SpeechModel` from its family; on `meta` the speech adapter has shapes only.
        config: The strategy.
        control_ids: Ids of control tokens whose embeddings are trained; the output layer shares them.

    Raises:
        ModelNotFoundError: The strategy starts from the speech adapter and the base has none.
    """
    family = family_of(base)
    weights: dict[str, Tensor] | None = None
    shape: dict[str, Any] = {"r": config.rank, "lora_alpha": config.alpha, "lora_dropout": config.dropout}
    if config.start == "speech" and cast("Any", base).device.type == "meta" and family.speech_adapter:
        shape = dict(family.speech_adapter_shape)
    elif config.start == "speech":
        shape, weights = _speech_adapter(base)
    settings = LoraConfig(
        **shape,
        target_modules=family.lora_targets(config),
        modules_to_save=list(family.hearing_modules) if config.strategy == "unfreeze" else None,
        trainable_token_indices={family.embedding: list(control_ids)} if control_ids else None,
        task_type=family.task_type,
    )
    model = _wrap(base, settings)
    if weights is not None:
        _fill(model, weights, str(cast("Any", base).checkpoint), only_lora=True)
    return model


def _speech_adapter(base: nn.Module) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return shape and weights of the checkpoint's own speech adapter."""
    checkpoint = cast("Path | None", cast("Any", base).checkpoint)
    family = family_of(base)
    name = family.speech_adapter
    if name is None:
        raise ModelNotFoundError(
            f"models of the family {family.name} bring no adapter to start from: initialise a new one "
            "(adapter: {start: fresh})"
        )
    if checkpoint is None or not (checkpoint / name / WEIGHTS_FILE).is_file():
        raise ModelNotFoundError(
            f"{checkpoint or 'this base'}: no {name}/{WEIGHTS_FILE} to start from. "
            "Initialise a new adapter (adapter: {start: fresh}), or give a checkpoint that has one"
        )
    folder = checkpoint / name
    settings = read_settings(folder)
    shape = {name: getattr(settings, name) for name in (*family.speech_adapter_shape, "use_rslora")}
    weights = _with_prefix(load_file(folder / WEIGHTS_FILE))
    return shape, {family.speech_adapter_name(name): value for name, value in weights.items()}


def _with_prefix(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights by PEFT's names; transformers' converter of checkpoints leaves their prefix out."""
    return {name if name.startswith(PREFIX) else PREFIX + name: value for name, value in weights.items()}


def _targets(settings: LoraConfig, weights: Mapping[str, Tensor], family: Family) -> Any:
    """Return the modules with LoRA matrices.

    Of an adapter on the decoder alone they are named in full, because bare names such as `o_proj` would also
    be those of modules in the audio encoder.
    """
    decoder = family.lora_targets(AdapterConfig(where="decoder", start="fresh"))
    matrices = [name for name in weights if ".lora_" in name]
    on_decoder = all(re.fullmatch(decoder, module_of(name)) for name in matrices)
    return settings.target_modules if isinstance(settings.target_modules, str) or not on_decoder else decoder


def module_of(name: str) -> str:
    """Return the module that a LoRA matrix belongs to, without PEFT's prefix."""
    return name.removeprefix(PREFIX).partition(".lora_")[0]


def read_settings(folder: Path) -> LoraConfig:
    """Read `adapter_config.json`.

    Raises:
        ModelNotFoundError: There is no adapter in the folder, or none in safetensors.
        EnunciateError: The file is broken, or describes another kind of adapter.
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
        return cast("LoraConfig", LoraConfig.from_pretrained(str(folder)))
    except (ValueError, KeyError, TypeError) as error:
        raise EnunciateError(f"{path}: not the configuration of an adapter: {error!r}") from error


def _wrap(base: nn.Module, settings: LoraConfig) -> PeftModel:
    """Apply PEFT, with trained weights in float32 and no second copy of fully trained modules."""
    # PEFT allocates and initialises its matrices on the CPU, which takes seconds and is useless on meta.
    with torch.device("meta") if cast("Any", base).device.type == "meta" else nullcontext():
        model = cast("PeftModel", get_peft_model(cast("Any", base), settings))
    for module in model.modules():
        if isinstance(module, ModulesToSaveWrapper):
            module.original_module = ReplacedByTrained()
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return model


class ReplacedByTrained(nn.Module):
    """Replaces the original of a fully trained module, which PEFT would keep to switch back to.

    This saves 0.9 GiB. `PeftModel.disable_adapter` does not work on such a model: load the base again.
    """


def trainable(model: nn.Module) -> dict[str, int]:
    """Return the number of elements of each trainable parameter, by name."""
    return {
        name: parameter.numel() for name, parameter in model.named_parameters() if parameter.requires_grad
    }


def save_adapter(
    model: PeftModel,
    folder: Path,
    state_dict: Mapping[str, Tensor] | None = None,
    dtype: torch.dtype | None = None,
) -> None:
    """Write everything that was trained as `adapter_model.safetensors` and `adapter_config.json`.

    Args:
        model: The result of `add_adapter` or `load_adapter`.
        folder: Created if needed; other files in it stay.
        state_dict: State of the whole model, if it is sharded (FSDP) and had to be gathered.
        dtype: Precision of the file; by default that of the weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = get_peft_model_state_dict(
        model, state_dict=None if state_dict is None else dict(state_dict), save_embedding_layers=False
    )
    tensors = {
        name: value.detach().to("cpu", dtype or value.dtype, copy=True).contiguous()
        for name, value in state.items()
    }
    partial = folder / (WEIGHTS_FILE + ".partial")
    save_file(tensors, partial, metadata={"format": "pt"})
    settings = copy.copy(model.peft_config["default"])
    settings.inference_mode = True
    settings.save_pretrained(str(folder))
    partial.replace(folder / WEIGHTS_FILE)


def load_adapter(base: nn.Module, folder: Path, *, trainable: bool) -> PeftModel:
    """Put a saved adapter on its base, in place.

    Args:
        base: The model that the adapter was trained on.
        folder: A folder that `save_adapter` wrote, or another LoRA in PEFT's format for this model.
        trainable: Continue training it; otherwise it is frozen and has no dropout.

    Raises:
        ModelNotFoundError: There is no adapter in the folder.
        EnunciateError: It does not fit this base.
    """
    settings, weights = read_settings(folder), _with_prefix(load_file(folder / WEIGHTS_FILE))
    settings.target_modules = _targets(settings, weights, family_of(base))
    settings.inference_mode = False  # only trainable weights become float32
    settings.base_model_name_or_path = cast("Any", base).name_or_path or None
    model = _wrap(base, settings)
    _fill(model, weights, str(folder))
    if not trainable:
        model.requires_grad_(requires_grad=False)
        model.eval()
    return model


def _fill(model: PeftModel, weights: dict[str, Tensor], source: str, *, only_lora: bool = False) -> None:
    """Set the adapter's weights, all of them and nothing else."""
    expected = get_peft_model_state_dict(model, save_embedding_layers=False)
    if only_lora:
        weights = {name: value for name, value in expected.items() if ".lora_" not in name} | weights
    wrong = sorted(
        {name for name in expected.keys() | weights.keys() if name not in weights or name not in expected}
        | {name for name in expected.keys() & weights.keys() if expected[name].shape != weights[name].shape}
    )
    if wrong:
        raise EnunciateError(
            f"{source}: the adapter does not fit this model: {len(wrong)} of {len(expected)} tensors are "
            f"missing, unknown or of another shape, such as {wrong[0]}. Use the base that it was trained on"
        )
    set_peft_model_state_dict(model, weights)


def merged(model: PeftModel) -> Any:
    """Merge the adapter into the weights of its base, in the base's precision; `model` is consumed."""
    base = cast("Any", model.get_base_model())
    family, dtype = family_of(base), base.weight_dtype
    fully_trained = [module for module in model.modules() if isinstance(module, ModulesToSaveWrapper)]
    for module in fully_trained:
        module.to(dtype)
    return family.prepare(cast("nn.Module", model.merge_and_unload())).eval()


def enable_checkpointing(model: nn.Module) -> None:
    """Recompute activations in the backward pass, in the audio encoder as well."""
    wrapped = cast("Any", model)
    new_name = getattr(wrapped, "activation_checkpointing_enable", None)
    (new_name or wrapped.gradient_checkpointing_enable)({"use_reentrant": False})
