"""From a folder to the engine: an adapter on its base, or a checkpoint as it came."""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import torch
from pydantic import ValidationError
from transformers.utils import logging

from enunciate.errors import ModelNotFoundError, RecipeError
from enunciate.phones import Lexicon
from enunciate.pocket.assessor import packaged_weights
from enunciate.pocket.phone_timing import PocketAligner
from enunciate.pocket.weights_folder import DESCRIPTION
from enunciate.speech_lm.adapter import SPEECH_ADAPTER, WEIGHTS_FILE, load_adapter, merged
from enunciate.speech_lm.assessor import Phi4Assessor, Settings
from enunciate.speech_lm.decoding.decoder import Decoder
from enunciate.speech_lm.families.phi4.causal_lm import Phi4MultimodalForCausalLM
from enunciate.speech_lm.families.phi4.model import load_base
from enunciate.speech_lm.options import PromptConfig
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.training.adapter_recipe import Phi4Recipe
from enunciate.torch_device import pick_device

RECIPE = "recipe.json"
UNTOUCHED = PromptConfig(control="none", rubric=True)
"""For a model that never saw a control token: the whole instruction."""
BATCH = {"cuda": 64, "cpu": 8}


def load_adapted(folder: Path, *, lexicon: Path | None = None) -> Phi4Assessor:
    """The engine of an adapter's folder; the adapter is worked into the base, which makes decoding quicker.

    Args:
        folder: as `enunciate train` wrote it, with the recipe that names the base.
        lexicon: pronunciations of a user's own.

    Raises:
        ModelNotFoundError: a file is missing, or the base is not here and cannot be fetched.
        RecipeError: the folder's recipe is broken.
        PronunciationError: the lexicon is broken.
    """
    words = Lexicon.default(lexicon)
    recipe = read_recipe(folder)
    device = pick_device()
    dtype = _dtype(device, recipe.precision)
    with quietly():
        base = load_base(recipe.model, revision=recipe.revision, dtype=dtype, device=device)
        model = merged(load_adapter(base, folder, trainable=False))
        processor = Processor.load(str(folder), None, recipe.prompt.control)
    settings = Settings(
        tasks=recipe.tasks, reads_text=recipe.prompt.reference_text, batch_size=BATCH[device.type]
    )
    decoder = Decoder(model, processor, recipe.prompt, max_batch=settings.batch_size, target=recipe.target)
    name = f"phi4 {folder.resolve().name} {_digest(folder / WEIGHTS_FILE)}"
    return Phi4Assessor(decoder, name, settings=settings, aligner=packaged_aligner(), lexicon=words)


def load_untouched(name_or_folder: str, *, lexicon: Path | None = None) -> Phi4Assessor:
    """The engine of a checkpoint that was not trained for this: the baseline.

    No control tokens, the whole instruction, free decoding, and answers read leniently. Where the checkpoint
    brings its own speech adapter it is used, since without it the model was never meant to listen.

    Raises:
        ModelNotFoundError: there is no such checkpoint, or it cannot be fetched.
        PronunciationError: the lexicon is broken.
    """
    words = Lexicon.default(lexicon)
    device = pick_device()
    with quietly():
        base = load_base(name_or_folder, dtype=_dtype(device, "bf16"), device=device)
        model = _with_speech_adapter(base)
        processor = Processor.load(str(base.checkpoint or name_or_folder), None, UNTOUCHED.control)
    settings = Settings(lenient=True, batch_size=BATCH[device.type])
    decoder = Decoder(model, processor, UNTOUCHED, constrained=False, max_batch=settings.batch_size)
    name = f"phi4 {name_or_folder}, untouched"
    return Phi4Assessor(decoder, name, settings=settings, aligner=packaged_aligner(), lexicon=words)


def read_recipe(folder: Path) -> Phi4Recipe:
    """The recipe that is saved with an adapter.

    Raises:
        ModelNotFoundError: there is none.
        RecipeError: it is broken; all problems at once.
    """
    path = folder / RECIPE
    try:
        return Phi4Recipe.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelNotFoundError(
            f"{folder} has an adapter but no {RECIPE} that could be read ({error}), and without it the base "
            "and the prompt are not known: take the whole folder that `enunciate train` wrote"
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


@contextmanager
def quietly() -> Generator[None, None, None]:
    """Without what the libraries say while they load and a user cannot act on.

    Their bars are left alone where somebody watches: a large checkpoint takes a while.
    """
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # pyright: ignore[reportUnknownMemberType]
    if not sys.stderr.isatty():
        logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _dtype(device: torch.device, precision: str) -> torch.dtype:
    """On a processor always float32: few of them compute in bfloat16 at all quickly."""
    return torch.bfloat16 if device.type == "cuda" and precision == "bf16" else torch.float32


def packaged_aligner() -> PocketAligner | None:
    """The encoder of the packaged `pocket` weights, if this installation has them."""
    folder = packaged_weights()
    return PocketAligner(folder) if (folder / DESCRIPTION).is_file() else None


def _digest(path: Path) -> str:
    """Eight signs that tell the weights of one training from those of another."""
    with path.open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()[:8]
