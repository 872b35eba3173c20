"""The environment: versions, packages, the model and the machine."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import enunciate
from enunciate.errors import ModelNotFoundError
from enunciate.serve.settings import available_cores
from enunciate.whisper_weights.base import find_whisper

CORE = "core"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")


def environment() -> dict[str, str]:
    """Return the name and value of each fact, in the order in which they are shown."""
    return {
        "enunciate": f"{enunciate.__version__} ({Path(enunciate.__file__).parent})",
        "Python": f"{platform.python_version()} ({platform.python_implementation()}, {sys.executable})",
        "platform": platform.platform(),
        "model": _model(),
        "Whisper base": _whisper_base(),
        "ONNX Runtime providers": _providers(),
        "CPU threads": str(available_cores()),
        "NVIDIA driver": "found" if shutil.which("nvidia-smi") else "not found",
        "torch": _torch(),
        **{f"packages, {extra}": _versions(names) for extra, names in _packages().items()},
    }


def packages_by_extra(requirements: Iterable[str]) -> Mapping[str, list[str]]:
    """Group the requirements of the package's metadata by the extra that installs them.

    Args:
        requirements: Such as `numpy>=1.26`, which is under `core`, or `scipy>=1.11; extra == 'eval'`.
    """
    packages: dict[str, list[str]] = {}
    for requirement in requirements:
        name, extra = _NAME.match(requirement), _EXTRA.search(requirement)
        if name and name.group() != "enunciate":
            packages.setdefault(extra.group(1) if extra else CORE, []).append(name.group())
    return packages


def _packages() -> Mapping[str, list[str]]:
    try:
        return packages_by_extra(requires("enunciate") or [])
    except PackageNotFoundError:  # run from a source tree that is not installed
        return {CORE: ["numpy", "onnxruntime", "soundfile", "soxr", "pydantic"]}


def _versions(names: Iterable[str]) -> str:
    installed = {name: _version(name) for name in names}
    present = ", ".join(f"{name} {known}" for name, known in installed.items() if known)
    missing = ", ".join(name for name, known in installed.items() if not known)
    return "; ".join(filter(None, (present, missing and f"not installed: {missing}")))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _torch() -> str:
    """Read from the metadata, because importing torch takes seconds; only builds for CPUs say so (+cpu)."""
    torch = _version("torch")
    if torch is None:
        return "not installed (only training and the phi4 engine need it)"
    return f"{torch} ({'without' if '+cpu' in torch else 'perhaps with'} CUDA)"


def _model() -> str:
    """Name the packaged model; whatever stops it from loading is a fact to report, not a reason to stop."""
    try:
        from enunciate.engines import load_assessor

        return load_assessor("pocket").name
    except Exception as error:
        return f"cannot be loaded: {type(error).__name__}: {error}"


def _whisper_base() -> str:
    """Say where the base of the engines `whisper` and `both` is, if it is anywhere."""
    try:
        return str(find_whisper().folder)
    except ModelNotFoundError as error:
        return f"not found: {error}"


def _providers() -> str:
    try:
        import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

        return ", ".join(onnxruntime.get_available_providers())  # pyright: ignore
    except ImportError as error:
        return f"cannot be imported: {error}"
