"""requirements/ locks what pyproject.toml asks for, and one version of each package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]
PINNED = re.compile(r"^([\w.-]+)==([^ ;\\]+)", re.MULTILINE)
PARTS = ("build", "core", "serve", "cuda", "docs")
NOT_LOCKED = {"robustness"}
"""Groups for one script each, which `dev` does not include."""


def locked(name: str) -> dict[str, str]:
    return dict(PINNED.findall((REPOSITORY / "requirements" / f"{name}.txt").read_text()))


def declared() -> dict[str, list[str]]:
    """The requirements of each extra and group, and those of the core as "core"."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    groups = {
        name: [one for one in wanted if isinstance(one, str)]
        for name, wanted in project["dependency-groups"].items()
    }
    return groups | project["project"]["optional-dependencies"] | {"core": project["project"]["dependencies"]}


@pytest.mark.parametrize("name", sorted(declared().keys() - NOT_LOCKED))
def test_what_is_declared_is_locked_within_its_range(name):
    versions = locked("dev")
    for text in declared()[name]:
        wanted = Requirement(text)
        if wanted.name not in ("torch", "enunciate"):
            assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), text


@pytest.mark.parametrize("part", PARTS)
def test_a_part_has_the_versions_of_the_whole(part):
    assert locked(part).items() <= locked("dev").items()


@pytest.mark.parametrize(
    ("part", "names"), [("core", ["core"]), ("serve", ["core", "media", "serve"]), ("docs", ["docs"])]
)
def test_a_part_has_what_it_is_named_after(part, names):
    wanted = {canonicalize_name(Requirement(text).name) for name in names for text in declared()[name]}
    assert wanted - {"enunciate"} <= locked(part).keys()


@pytest.mark.parametrize("part", ["dev", *PARTS])
def test_neither_torch_nor_its_cuda_libraries_are_locked(part):
    assert not [name for name in locked(part) if name in ("torch", "triton") or name.startswith("nvidia")]
