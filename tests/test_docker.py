"""What the images and their composition promise; nothing is built here."""

from __future__ import annotations

import json
import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from support.paths import REPOSITORY as ROOT
from typer.testing import CliRunner

from enunciate.cli.app import app

BOTH = pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.cuda"])


def instructions(name: str) -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


def last(name: str, instruction: str) -> str:
    """Of the last stage, as it counts."""
    found = instructions(name)
    stage = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    return [value for word, value in found[stage:] if word == instruction][-1]


@BOTH
def test_bases_are_pinned(name):
    images = [value.split()[0] for word, value in instructions(name) if word == "FROM"]
    assert len(images) == 2
    assert len(set(images)) == 1, "what was installed in one would not run in the other"
    assert re.search(r":\d+\.\d+", images[0])


@BOTH
def test_it_does_not_run_as_root(name):
    user, group = last(name, "USER").split(":")
    assert int(user) > 0 and int(group) > 0


@BOTH
def test_what_is_copied_is_there_and_not_ignored(name):
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    for word, value in instructions(name):
        assert word != "ADD"
        if word == "COPY" and not value.startswith("--from="):
            for source in value.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert any(fnmatch(source, rule) for rule in kept), source


@BOTH
def test_its_health_is_asked_for_without_a_shell_or_curl(name):
    options, _, command = last(name, "HEALTHCHECK").partition("CMD ")
    assert "--start-period=" in options and "--timeout=" in options
    program, flag, code = json.loads(command)
    assert program.startswith("python") and flag == "-c"
    compile(code, "healthcheck", "exec")
    port = json.loads(last(name, "ENTRYPOINT"))[5]
    assert f":{port}/healthz" in code
    assert last(name, "EXPOSE") == port


@BOTH
def test_it_starts_a_command_that_exists(name):
    program, *arguments = json.loads(last(name, "ENTRYPOINT"))
    assert program == "enunciate"
    assert arguments[:3] == ["serve", "--host", "0.0.0.0"]
    help_text = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).output
    assert all(one in help_text for one in arguments if one.startswith("--"))


@BOTH
def test_the_package_is_installed_with_extras_that_it_has(name):
    (command,) = [
        value
        for word, value in instructions(name)
        if word == "RUN" and " install " in value and "pip" in value
    ]
    (wanted,) = [word for word in shlex.split(command) if word.startswith(".[")]
    text = (ROOT / "pyproject.toml").read_text()
    assert all(f"\n{extra} = [" in text for extra in wanted[2:-1].split(","))


def test_composed_it_has_as_few_rights_as_it_can_do_with():
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text())
    (service,) = composed["services"].values()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit", "tmpfs"} <= service.keys()
    assert not {"privileged", "network_mode", "volumes", "user", "devices"} & service.keys()
    assert not service["image"].endswith(":latest") and ":" in service["image"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert (ROOT / service["build"] / "Dockerfile").exists()


def test_a_container_is_given_the_time_that_the_service_takes_to_finish():
    from enunciate.serve.http.settings import Settings

    composed = yaml.safe_load(Path(ROOT / "compose.yaml").read_text())
    (service,) = composed["services"].values()
    assert int(service["stop_grace_period"].rstrip("s")) > Settings().grace_s
