"""Use the wheel and the source distribution in dist/ as a user would: installed, and from another folder.

The wheel is installed with the locked versions of its requirements into a new environment, and every command
has to start there. The source distribution is unpacked, and a part of its tests is run there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from email import message_from_string
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DIST = REPOSITORY / "dist"
CLIP = REPOSITORY / "examples" / "i_think_the_weather_is_nice.flac"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
LIST_COMMANDS = (
    "from typer.main import get_command; from enunciate.cli.app import app; print(*get_command(app).commands)"
)


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Run a command in a folder; what it prints is returned, and shown if it fails."""
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done.stdout


def only(pattern: str) -> Path:
    """The one file in dist/ that matches."""
    (path,) = DIST.glob(pattern)
    return path


def check_contents(wheel: Path) -> None:
    """The wheel holds the package alone, with its data, and metadata that reads well on PyPI."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata_name,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        metadata = message_from_string(archive.read(metadata_name).decode())
    assert {name.split("/")[0] for name in names} == {"enunciate", metadata_name.split("/")[0]}
    for needed in (
        "py.typed",
        "pocket/weights/pocket.json",
        "speech_lm/whisper_onnx/adapter/adapter_model.safetensors",
        "speech_lm/whisper_onnx/reading_adapter/adapter_model.safetensors",
        "phones/data/cmudict.txt.gz",
        "recipes/benchmark.yaml",
        "serve/static/index.html",
    ):
        assert f"enunciate/{needed}" in names, needed
    relative = re.findall(r"\]\((?!https?:|#)[^)]*\)", str(metadata.get_payload()))
    assert not relative, f"links that are broken on PyPI: {relative}"
    developer_only = {"pytest", "ruff", "mkdocs", "uv"}
    required = {re.split(r"[^\w.-]", line)[0] for line in metadata.get_all("Requires-Dist", [])}
    assert not developer_only & required, required


def try_wheel(wheel: Path, folder: Path) -> None:
    """Install it, and start every command from an empty folder."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    run([sys.executable, "-m", "venv", folder / "venv"], folder)
    python, program = folder / "venv" / "bin" / "python", folder / "venv" / "bin" / "enunciate"
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps"]
    run([*pip, "--require-hashes", "-r", REPOSITORY / "requirements" / "serve.txt"], folder)
    run([*pip, wheel], folder)
    for command in run([python, "-c", LIST_COMMANDS], elsewhere).split():
        run([program, command, "--help"], elsewhere)
    run([python, "-m", "enunciate", "info"], elsewhere)
    text = "I think the weather is nice today."
    print(run([program, "assess", CLIP, "--text", text], elsewhere))


def try_sdist(sdist: Path, folder: Path) -> None:
    """Unpack it and run the tests of packaging and of the command line there."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.glob("enunciate-*")
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow"]
    print(run([*pytest, *TESTS_OF_THE_SDIST], unpacked).splitlines()[-1])


TESTS_OF_THE_SDIST = ("tests/project", "tests/cli", "tests/test_readme.py")


def main() -> None:
    wheel, sdist = only("*.whl"), only("*.tar.gz")
    check_contents(wheel)
    with tempfile.TemporaryDirectory() as folder:
        try_wheel(wheel, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        try_sdist(sdist, Path(folder))
    print(f"{wheel.name} and {sdist.name} work.")


if __name__ == "__main__":
    main()
