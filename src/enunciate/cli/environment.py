"""What one pastes into a bug report: versions, packages, the model and the machine."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import enunciate

CORE = "core"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")


def facts() -> dict[str, str]:
    """Name and value of each fact, in the order in which to show them."""
    return {
        "enunciate": f"{enunciate.__version__} ({Path(enunciate.__file__).parent})",
        "Python": f"{platform.python_version()} ({platform.python_implementation()}, {sys.executable})",
        "platform": platform.platform(),
        "model": _model(),
        "ONNX Runtime providers": _providers(),
        "CPU threads": str(_cpu_threads()),
        "NVIDIA driver": "found" if shutil.which("nvidia-smi") else "not found",
        "torch": _torch(),
        **{f"packages, {extra}": _versions(names) for extra, names in _packages().items()},
    }


def packages_by_extra(requirements: Iterable[str]) -> Mapping[str, list[str]]:
    """Sort requirements as the package's metadata has them: "scipy>=1.11; extra == 'eval'" is of `eval`."""
    found: dict[str, list[str]] = {}
    for requirement in requirements:
        name, extra = _NAME.match(requirement), _EXTRA.search(requirement)
        if name and name.group() != "enunciate":
            found.setdefault(extra.group(1) if extra else CORE, []).append(name.group())
    return found


def _packages() -> Mapping[str, list[str]]:
    try:
        return packages_by_extra(requires("enunciate") or [])
    except PackageNotFoundError:  # run from its source, which has no metadata
        return {CORE: ["numpy", "onnxruntime", "soundfile", "soxr", "kaldi-native-fbank", "pydantic"]}


def _versions(names: Iterable[str]) -> str:
    return ", ".join(f"{name} {_version(name) or 'is not installed'}" for name in names)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _torch() -> str:
    """From its metadata: importing it takes seconds. Only a build without CUDA is sure to say so (+cpu)."""
    found = _version("torch")
    if found is None:
        return "is not installed (only training and the phi4 engine need it)"
    return f"{found} ({'without' if '+cpu' in found else 'perhaps with'} CUDA)"


def _model() -> str:
    """The packaged model; whatever stops it from loading is a fact to report, not a reason to stop."""
    try:
        from enunciate.engines import load_assessor

        return load_assessor("pocket").name
    except Exception as error:
        return f"cannot be loaded: {type(error).__name__}: {error}"


def _providers() -> str:
    try:
        import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

        return ", ".join(onnxruntime.get_available_providers())  # pyright: ignore
    except ImportError as error:
        return f"cannot be imported: {error}"


def _cpu_threads() -> int:
    """Those that this process may use, where the system says."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
