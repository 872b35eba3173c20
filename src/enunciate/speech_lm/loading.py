"""Load an engine from a folder: an adapter on its base model, or a checkpoint without an adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch

from enunciate.errors import DeviceError
from enunciate.huggingface import quiet_loading
from enunciate.phones import Lexicon
from enunciate.speech_lm.adapter import WEIGHTS_FILE, add_adapter, merged
from enunciate.speech_lm.adapter_folder import read_description, weights_digest
from enunciate.speech_lm.assessor import SpeechLmAssessor, SpeechLmOptions
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.decoding.static_decoding import pays_on
from enunciate.speech_lm.export.merged import merged_model
from enunciate.speech_lm.families.decoder_layers import compile_layers
from enunciate.speech_lm.families.detection import family_of_folder
from enunciate.speech_lm.families.family import Family
from enunciate.speech_lm.families.names import USUAL_BASES, FamilyName
from enunciate.speech_lm.families.registry import family_named, family_of
from enunciate.speech_lm.options import (
    AdapterConfig,
    AdapterDescription,
    Precision,
    TorchOptions,
    WeightFormat,
)
from enunciate.speech_lm.packaged_speech_aligner import packaged_speech_aligner
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.prompts import UNTRAINED_PROMPT
from enunciate.speech_lm.small_weights import round_weights
from enunciate.torch_device import configure_cuda, pick_device

BATCH_SIZE = {"cuda": 64, "cpu": 8}
_USUAL = TorchOptions()
_SUFFIX: dict[WeightFormat, str] = {"full": "", "int8": ", int8", "int4": ", int4"}


def load_adapted(
    folder: Path, *, lexicon: Path | None = None, torch_options: TorchOptions = _USUAL, threads: int = 1
) -> SpeechLmAssessor:
    """Load the engine of an adapter's folder; the adapter is merged into the base, which decodes faster.

    Args:
        folder: A folder that `enunciate train` wrote, with the recipe that names the base model.
        lexicon: A file with the user's own pronunciations.
        torch_options: How torch runs the model.
        threads: As in `SpeechLmAssessor`.

    Raises:
        ModelNotFoundError: A file is missing, or the base is not here and cannot be fetched.
        DeviceError: An option of torch does not fit the machine or the model.
        RecipeError: The recipe in the folder is broken.
        PronunciationError: The lexicon is broken.
    """
    words = Lexicon.default(lexicon)
    trained = read_description(folder)
    device, family = _device(torch_options, trained.kind), family_named(trained.kind)
    model, processor = merged_model(folder, trained, _dtype(family, device, trained.precision), device)
    return _engine(model, processor, trained, folder, folder / WEIGHTS_FILE, words, torch_options, threads)


def load_merged(
    folder: Path, *, lexicon: Path | None = None, torch_options: TorchOptions = _USUAL, threads: int = 1
) -> SpeechLmAssessor:
    """Load the engine of a model into which its adapter was merged.

    Args:
        folder: A folder that `enunciate export --format merged` wrote.
        lexicon: A file with the user's own pronunciations.
        torch_options: How torch runs the model.
        threads: As in `SpeechLmAssessor`.

    Raises:
        ModelNotFoundError: A file is missing.
        DeviceError: An option of torch does not fit the machine or the model.
        RecipeError: The recipe in the folder is broken.
        PronunciationError: The lexicon is broken.
    """
    words = Lexicon.default(lexicon)
    trained = read_description(folder)
    device, family = _device(torch_options, trained.kind), family_named(trained.kind)
    with quiet_loading():
        processor = family.processor(str(folder), None, trained.prompt.control)
        model = family.load(folder, dtype=_dtype(family, device, trained.precision), device=device)
    first = sorted(folder.glob("*.safetensors"))[0]
    return _engine(model.eval(), processor, trained, folder, first, words, torch_options, threads)


def _engine(
    model: Any,
    processor: Processor,
    trained: AdapterDescription,
    folder: Path,
    file: Path,
    words: Lexicon,
    torch_options: TorchOptions,
    threads: int,
) -> SpeechLmAssessor:
    """Return the engine of a merged model; `file` has weights that tell it from others."""
    configure_cuda()
    family = family_named(trained.kind)
    options = SpeechLmOptions(
        tasks=trained.tasks,
        reads_text=trained.prompt.reference_text,
        batch_size=BATCH_SIZE[cast("torch.device", model.device).type],
        geometry=processor.geometry,
    )
    decoder = Decoder(
        _prepared(model, torch_options),
        processor,
        trained.prompt,
        max_batch=options.batch_size,
        target=trained.target,
        paths=family.score_paths,
        static=pays_on(model.device),
    )
    name = f"{family.name} {folder.resolve().name} {weights_digest(file)}{_SUFFIX[torch_options.weights]}"
    aligner = packaged_speech_aligner()
    return SpeechLmAssessor(decoder, name, options=options, aligner=aligner, lexicon=words, threads=threads)


def load_untouched(
    name_or_folder: str,
    *,
    lexicon: Path | None = None,
    torch_options: TorchOptions = _USUAL,
    threads: int = 1,
) -> SpeechLmAssessor:
    """Load the engine of a checkpoint that was not trained for these tasks: the zero-shot baseline.

    It is asked with the full instruction and without control tokens, decodes without constraints, and its
    answers are parsed leniently. If the checkpoint brings its own speech adapter, that is used, because the
    model was never meant to listen without it.

    Args:
        name_or_folder: A name on the hub, or a folder.
        lexicon: A file with the user's own pronunciations.
        torch_options: How torch runs the model.
        threads: As in `SpeechLmAssessor`.

    Raises:
        ModelNotFoundError: There is no such checkpoint, or it cannot be fetched.
        DeviceError: An option of torch does not fit the machine or the model.
        PronunciationError: The lexicon is broken.
    """
    words = Lexicon.default(lexicon)
    family = family_named(_family_of_checkpoint(name_or_folder))
    device = _device(torch_options, family.name)
    configure_cuda()
    with quiet_loading():
        base = family.load(name_or_folder, dtype=_dtype(family, device, "bf16"), device=device)
        model = _prepared(_with_speech_adapter(base), torch_options)
        folder = str(base.checkpoint or name_or_folder)
        processor = family.processor(folder, None, UNTRAINED_PROMPT.control)
    options = SpeechLmOptions(lenient=True, batch_size=BATCH_SIZE[device.type], geometry=processor.geometry)
    decoder = Decoder(
        model,
        processor,
        UNTRAINED_PROMPT,
        constrained=False,
        max_batch=options.batch_size,
        static=pays_on(device),
    )
    name = f"{family.name} {name_or_folder}, untouched{_SUFFIX[torch_options.weights]}"
    aligner = packaged_speech_aligner()
    return SpeechLmAssessor(decoder, name, options=options, aligner=aligner, lexicon=words, threads=threads)


def _family_of_checkpoint(name_or_folder: str) -> FamilyName:
    """Return the family of a folder, or of a name on the hub by the hub's usual bases."""
    usual: dict[str, FamilyName] = {base: name for name, base in USUAL_BASES.items()}
    name = family_of_folder(Path(name_or_folder)) or usual.get(name_or_folder)
    return name or ("whisper" if "whisper" in name_or_folder.lower() else "phi4")


def _with_speech_adapter(base: Any) -> Any:
    name, checkpoint = family_of(base).speech_adapter, base.checkpoint
    if name is None or checkpoint is None or not (checkpoint / name / WEIGHTS_FILE).is_file():
        return base
    return merged(add_adapter(base, AdapterConfig(start="speech")))


def _device(torch_options: TorchOptions, kind: FamilyName) -> torch.device:
    """Return the device to load to; an option that does not fit is refused before anything is loaded."""
    device = pick_device()
    if torch_options.compile_layers and not family_named(kind).runs_layer_by_layer:
        raise DeviceError(
            f"compile_layers: the layers of a model of the family {kind} are not called one by one: "
            "load it without this option"
        )
    if torch_options.compile_layers and torch_options.weights == "int8":
        raise DeviceError(
            "compile_layers: layers with weights in 8 bits take minutes to compile: leave out one of the two"
        )
    if torch_options.compile_layers and not pays_on(device):
        raise DeviceError(
            "compile_layers needs an NVIDIA GPU, and torch sees none (`enunciate info` shows what it sees): "
            "load the model without this option"
        )
    return device


def _prepared(model: Any, torch_options: TorchOptions) -> Any:
    round_weights(model, torch_options.weights)
    if torch_options.compile_layers:
        compile_layers(model.language_model)
    return model


def _dtype(family: Family, device: torch.device, precision: Precision) -> torch.dtype:
    """Return float32 on any CPU: few of them are fast in bfloat16."""
    return family.frozen_dtype(precision) if device.type == "cuda" else torch.float32
