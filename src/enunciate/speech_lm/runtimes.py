"""A speech language model under torch, or Whisper under ONNX Runtime; each is imported when it is needed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enunciate.errors import ModelNotFoundError, needing
from enunciate.speech_lm.adapter_folder import is_merged, read_description
from enunciate.speech_lm.options import TorchOptions

if TYPE_CHECKING:
    from enunciate.schema import Accent
    from enunciate.speech_lm.assessor import SpeechLmAssessor


def torch_options_refused(name_or_path: str | Path, torch_options: TorchOptions) -> ModelNotFoundError:
    """Return the error about options of torch for an engine that does not run under it."""
    given = torch_options.model_dump(exclude_defaults=True)
    named = ", ".join(f"{name}={value}" for name, value in given.items())
    return ModelNotFoundError(
        f"{name_or_path} is no model that torch runs here: {named} is for folders with an adapter and for "
        "checkpoints"
    )


def runs_without_torch(adapter: Path) -> bool:
    """Whether an adapter is Whisper's, and there is no torch to run it with."""
    return find_spec("torch") is None and read_description(adapter).kind == "whisper"


def load_with_onnx(
    adapter: Path | None, *, lexicon: Path | None, accent: Accent, threads: int
) -> SpeechLmAssessor:
    """Load an adapter of Whisper, or the two that ship, under ONNX Runtime.

    Raises:
        ModelNotFoundError: There is no base of Whisper, or a file is missing.
        MissingExtraError: A package is not installed.
    """
    with needing("whisper"):
        import kaldialign  # noqa: F401  # pyright: ignore[reportUnusedImport,reportMissingTypeStubs]
        import safetensors  # noqa: F401  # pyright: ignore[reportUnusedImport]

        from enunciate.speech_lm.whisper_onnx.loading import (
            load_whisper,
            packaged_adapter,
            packaged_reading_adapter,
        )
    reading = None if adapter else packaged_reading_adapter()
    return load_whisper(
        adapter or packaged_adapter(), reading=reading, lexicon=lexicon, accent=accent, threads=threads
    )


def load_with_torch(
    name_or_folder: str | Path,
    torch_options: TorchOptions,
    *,
    adapter: bool,
    lexicon: Path | None,
    threads: int,
) -> SpeechLmAssessor:
    """Load an adapter on its base, a merged model, or a checkpoint as it is.

    Args:
        name_or_folder: A folder, or the name of a checkpoint on the hub.
        torch_options: How torch runs the model.
        adapter: Whether the folder has an adapter, whose recipe names the base.
        lexicon: A file with the user's own pronunciations.
        threads: As in `SpeechLmAssessor`.

    Raises:
        ModelNotFoundError: A file or the checkpoint is missing.
        DeviceError: An option of torch does not fit the machine or the model.
        MissingExtraError: A package is not installed.
    """
    with needing("llm"):
        from enunciate.huggingface import quiet_loading

        with quiet_loading():
            from enunciate.speech_lm.loading import load_adapted, load_merged, load_untouched
    given: Any = {"lexicon": lexicon, "torch_options": torch_options, "threads": threads}
    if adapter:
        return load_adapted(Path(name_or_folder), **given)
    if is_merged(Path(name_or_folder)):
        return load_merged(Path(name_or_folder), **given)
    return load_untouched(str(name_or_folder), **given)
