"""Run the steps of the Dockerfile without Docker, in a temporary folder, and try the service that comes out.

Every RUN and COPY is carried out with `/opt`, `/build` and `/srv` moved under the folder, with the files that
`.dockerignore` lets through and with this Python in place of the image's. Then the ENTRYPOINT is started on a
free port, the HEALTHCHECK has to succeed, the example clip has to be assessed, and the STOPSIGNAL must stop
the service. Only the base image and the rights of the user are not tried.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
CLIP = REPOSITORY / "examples" / "i_think_the_weather_is_nice.flac"
MOVED = re.compile(r"(?<![\w.])/(opt|build|srv)\b")
START_S, STOP_S = 60, 40


def instructions(dockerfile: Path) -> Iterator[tuple[str, str]]:
    """Each instruction's name and value, with continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip():
            name, _, value = line.strip().partition(" ")
            yield name, value.strip()


def sent_to_the_builder(source: str) -> bool:
    """Whether .dockerignore, which excludes everything and then names what it keeps, lets a path through."""
    rules = [
        line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line and line[0] != "#"
    ]
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    return rules[0] == "*" and any(fnmatch(source, rule) or source.startswith(f"{rule}/") for rule in kept)


class Image:
    """A folder in place of the image's root, and what the instructions so far have set."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root
        self.settings: dict[str, str] = {}
        self.environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        (root / "bin").mkdir(parents=True)
        for name in ("python", "python3"):
            (root / "bin" / name).symlink_to(sys.executable)
        self.environment["PATH"] = f"{root / 'bin'}:{os.environ['PATH']}"

    def moved(self, text: str) -> str:
        return MOVED.sub(lambda match: f"{self.root}/{match[1]}", text)

    def carry_out(self, name: str, value: str) -> None:
        print(f"{name} {value}", flush=True)
        if name == "WORKDIR":
            self.folder = Path(self.moved(value))
            self.folder.mkdir(parents=True, exist_ok=True)
        elif name == "RUN":
            subprocess.run(
                ["sh", "-ec", self.moved(value)], cwd=self.folder, env=self.environment, check=True
            )
        elif name == "COPY":
            self.copy(value)
        elif name == "ENV":
            for setting in shlex.split(value):
                key, _, given = setting.partition("=")
                given = given.replace(f"${key}", self.environment.get(key, ""))
                self.environment[key] = self.moved(given)
        else:
            self.settings[name] = value

    def copy(self, value: str) -> None:
        if value.startswith("--from="):  # both stages are the same folder
            return
        *sources, target = value.split()
        for source in sources:
            if not sent_to_the_builder(source):
                raise SystemExit(f".dockerignore keeps {source} from the builder")
            place = self.folder / target
            if (REPOSITORY / source).is_dir():
                shutil.copytree(REPOSITORY / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                place = place / Path(source).name if target.endswith("/") else place
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / source, place)


def try_service(image: Image) -> None:
    """Start it, ask for its health and for an assessment, and stop it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    exposed = image.settings["EXPOSE"]
    entrypoint = [port if word == exposed else word for word in json.loads(image.settings["ENTRYPOINT"])]
    check = json.loads(image.settings["HEALTHCHECK"].partition("CMD ")[2])
    check = [word.replace(f":{exposed}/", f":{port}/") for word in check]
    assert port in entrypoint and any(port in word for word in check), (
        "HEALTHCHECK and ENTRYPOINT need EXPOSE's port"
    )
    program = shutil.which(entrypoint[0], path=image.environment["PATH"])
    assert program and program.startswith(str(image.root)), f"{entrypoint[0]} is not in the image"
    service = subprocess.Popen([program, *entrypoint[1:]], cwd=image.folder, env=image.environment)
    try:
        deadline = time.monotonic() + START_S
        while subprocess.run(check, env=image.environment, capture_output=True, check=False).returncode:
            assert service.poll() is None and time.monotonic() < deadline, (
                "the service does not become healthy"
            )
            time.sleep(0.5)
        assess = (
            "import sys, httpx; audio = open(sys.argv[1], 'rb'); "
            "form = {'files': {'audio': audio}, 'data': {'text': sys.argv[3]}}; "
            "answer = httpx.post(sys.argv[2], **form, timeout=60); "
            "answer.raise_for_status(); print(len(answer.json()['words']), 'words are assessed')"
        )
        url, text = f"http://127.0.0.1:{port}/v1/assessments", "I think the weather is nice today."
        subprocess.run([sys.executable, "-c", assess, str(CLIP), url, text], check=True)
        service.send_signal(getattr(signal, image.settings["STOPSIGNAL"]))
        assert service.wait(STOP_S) == 0, "the service does not stop as it is asked to"
    finally:
        service.kill()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        image = Image(Path(folder) / "root")
        for name, value in instructions(REPOSITORY / "Dockerfile"):
            image.carry_out(name, value)
        user = image.settings["USER"]
        assert all(part.isdecimal() and int(part) > 0 for part in user.split(":")), "the service runs as root"
        try_service(image)
    print("The image's steps work.")


if __name__ == "__main__":
    main()
