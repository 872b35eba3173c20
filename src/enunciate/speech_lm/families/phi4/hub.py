"""The checkpoint of Phi-4-multimodal, and where to find it: in a folder or on the hub."""

from __future__ import annotations

from pathlib import Path

from enunciate.errors import ModelNotFoundError

HUB_NAME = "microsoft/Phi-4-multimodal-instruct"
HUB_REVISION = "refs/pr/70"
"""The revision in the layout of transformers' own classes; `main` needs remote code."""


def revision_of(name: str, revision: str | None) -> str | None:
    """The revision to fetch from the hub: the given one or, for `HUB_NAME`, `HUB_REVISION`."""
    return revision or (HUB_REVISION if name == HUB_NAME else None)


def checkpoint_folder(name_or_folder: str | Path, revision: str | None = None) -> Path:
    """Return the folder of a checkpoint, fetched from the hub if a name is given (no vision adapter).

    Raises:
        ModelNotFoundError: It is neither a folder with a checkpoint nor a name that can be fetched.
    """
    folder = Path(name_or_folder)
    if folder.is_dir():
        if not (folder / "config.json").is_file() or not list(folder.glob("*.safetensors")):
            raise ModelNotFoundError(
                f"{folder}: no checkpoint in it: config.json and *.safetensors are needed"
            )
        return folder
    from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]

    name = str(name_or_folder)
    revision = revision_of(name, revision)
    try:
        return Path(
            snapshot_download(
                name,
                revision=revision,
                allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model"],
                ignore_patterns=["vision-lora/*"],
            )
        )
    except Exception as error:  # the hub's errors have no common base: HTTP, offline, bad name
        at = f" (revision {revision})" if revision else ""
        raise ModelNotFoundError(
            f"{name}{at}: not a folder here, not in the cache, and not available from the Hugging Face "
            f"hub ({type(error).__name__}). Give the folder of a checkpoint, or get it while you are "
            f"online: hf download {name}" + (f" --revision {revision}" if revision else "")
        ) from error


def description_folder(name_or_folder: str | Path, revision: str | None = None) -> Path | None:
    """Return a folder with a checkpoint's configuration and tokenizer, fetched without its weights.

    None if they cannot be fetched.
    """
    if Path(name_or_folder).is_dir():
        return Path(name_or_folder)
    from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]

    name = str(name_or_folder)
    try:
        return Path(
            snapshot_download(name, revision=revision_of(name, revision), allow_patterns=["*.json", "*.txt"])
        )
    except Exception:  # the hub's errors have no common base; whatever it is, there is no description
        return None
