"""Load an engine from a folder: an adapter on its base model, or a checkpoint without an adapter."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from pydantic import ValidationError

from enunciate.errors import ModelNotFoundError, RecipeError
from enunciate.huggingface import quiet_loading
from enunciate.phones import Lexicon
from enunciate.pocket.packaged_aligner import packaged_aligner
from enunciate.speech_lm.adapter import WEIGHTS_FILE, load_adapter, merged
from enunciate.speech_lm.assessor import SpeechLmAssessor, SpeechLmOptions
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.families.phi4.adapter_layout import SPEECH_ADAPTER
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.families.phi4.model import load_base
from enunciate.speech_lm.options import AdapterDescription, Precision, PromptConfig
from enunciate.speech_lm.processor import Processor
from enunciate.storage import RECIPE_FILE
from enunciate.torch_device import pick_device

UNTRAINED_PROMPT = PromptConfig(control="none", rubric=True)
"""The prompt for a model that never saw a control token: the full instruction."""
BATCH_SIZE = {"cuda": 64, "cpu": 8}


def load_adapted(folder: Path, *, lexicon: Path | None = None) -> SpeechLmAssessor:
    """Load the engine of an adapter's folder; the adapter is merged into the base, which decodes faster.

    Args:
        folder: A folder that `enunciate train` wrote, with the recipe that names the base model.
        lexicon: A file with the user's own pronunciations.

    Raises:
        ModelNotFoundError: A file is missing, or the base is not here and cannot be fetched.
        RecipeError: The recipe in the folder is broken.
        PronunciationError: The lexicon is broken.
    """
    words = Lexicon.default(lexicon)
    trained = read_description(folder)
    device = pick_device()
    dtype = _dtype(device, trained.precision)
    with quiet_loading():
        base = load_base(trained.model, revision=trained.revision, dtype=dtype, device=device)
        model = merged(load_adapter(base, folder, trainable=False))
        processor = Processor.load(str(folder), None, trained.prompt.control)
    options = SpeechLmOptions(
        tasks=trained.tasks, reads_text=trained.prompt.reference_text, batch_size=BATCH_SIZE[device.type]
    )
    decoder = Decoder(model, processor, trained.prompt, max_batch=options.batch_size, target=trained.target)
    name = f"phi4 {folder.resolve().name} {_digest(folder / WEIGHTS_FILE)}"
    return SpeechLmAssessor(decoder, name, options=options, aligner=packaged_aligner(), lexicon=words)


def load_untouched(name_or_folder: str, *, lexicon: Path | None = None) -> SpeechLmAssessor:
    """Load the engine of a checkpoint that was not trained for these tasks: the zero-shot baseline.

    It is asked with the full instruction and without control tokens, decodes without constraints, and its
    answers are parsed leniently. If the checkpoint brings its own speech adapter, that is used, because the
    model was never meant to listen without it.

    Raises:
        ModelNotFoundError: There is no such checkpoint, or it cannot be fetched.
        PronunciationError: The lexicon is broken.
    """
    words = Lexicon.default(lexicon)
    device = pick_device()
    with quiet_loading():
        base = load_base(name_or_folder, dtype=_dtype(device, "bf16"), device=device)
        model = _with_speech_adapter(base)
        folder = str(base.checkpoint or name_or_folder)
        processor = Processor.load(folder, None, UNTRAINED_PROMPT.control)
    options = SpeechLmOptions(lenient=True, batch_size=BATCH_SIZE[device.type])
    decoder = Decoder(model, processor, UNTRAINED_PROMPT, constrained=False, max_batch=options.batch_size)
    name = f"phi4 {name_or_folder}, untouched"
    return SpeechLmAssessor(decoder, name, options=options, aligner=packaged_aligner(), lexicon=words)


def read_description(folder: Path) -> AdapterDescription:
    """Read what running needs from the recipe that is saved with an adapter.

    Raises:
        ModelNotFoundError: There is no recipe.
        RecipeError: It is broken; all problems are named at once.
    """
    path = folder / RECIPE_FILE
    try:
        return AdapterDescription.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelNotFoundError(
            f"{folder} has an adapter but no {RECIPE_FILE} that could be read ({error}), and without it the "
            "base model and the prompt are unknown: take the whole folder that `enunciate train` wrote"
        ) from error
    except (ValidationError, UnicodeDecodeError) as error:
        problems = (
            [f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in error.errors()]
            if isinstance(error, ValidationError)
            else [str(error)]
        )
        raise RecipeError(str(path), problems) from error


def _with_speech_adapter(base: Phi4MultimodalForCausalLM) -> Phi4MultimodalForCausalLM:
    folder = None if base.checkpoint is None else base.checkpoint / SPEECH_ADAPTER
    if folder is None or not (folder / WEIGHTS_FILE).is_file():
        return base
    return merged(load_adapter(base, folder, trainable=False))


def _dtype(device: torch.device, precision: Precision) -> torch.dtype:
    """Return float32 on any CPU: few of them are fast in bfloat16."""
    return torch.bfloat16 if device.type == "cuda" and precision == "bf16" else torch.float32


def _digest(path: Path) -> str:
    """Eight hex digits that distinguish the weights of different trainings."""
    with path.open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()[:8]
