"""Load an engine from a folder: an adapter on its base model, or a checkpoint without an adapter."""

from __future__ import annotations

from pathlib import Path

import torch

from enunciate.huggingface import quiet_loading
from enunciate.phones import Lexicon
from enunciate.pocket.packaged_aligner import packaged_aligner
from enunciate.speech_lm.adapter import WEIGHTS_FILE, load_adapter, merged
from enunciate.speech_lm.adapter_folder import read_description, weights_digest
from enunciate.speech_lm.assessor import SpeechLmAssessor, SpeechLmOptions
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.families.phi4.adapter_layout import SPEECH_ADAPTER
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.families.phi4.model import load_base
from enunciate.speech_lm.options import Precision, PromptConfig
from enunciate.speech_lm.processor import Processor
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
    name = f"phi4 {folder.resolve().name} {weights_digest(folder / WEIGHTS_FILE)}"
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


def _with_speech_adapter(base: Phi4MultimodalForCausalLM) -> Phi4MultimodalForCausalLM:
    folder = None if base.checkpoint is None else base.checkpoint / SPEECH_ADAPTER
    if folder is None or not (folder / WEIGHTS_FILE).is_file():
        return base
    return merged(load_adapter(base, folder, trainable=False))


def _dtype(device: torch.device, precision: Precision) -> torch.dtype:
    """Return float32 on any CPU: few of them are fast in bfloat16."""
    return torch.bfloat16 if device.type == "cuda" and precision == "bf16" else torch.float32
