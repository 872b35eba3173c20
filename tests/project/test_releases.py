"""What is stated in several files of the repository agrees."""

from __future__ import annotations

from pathlib import Path

import yaml

import enunciate

REPOSITORY = Path(__file__).resolve().parents[2]


def composed() -> dict:
    (service,) = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"].values()
    return service


def test_the_citation_names_the_version():
    assert yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())["version"] == enunciate.__version__


def test_the_changelog_has_an_entry_of_the_version():
    lines = (REPOSITORY / "CHANGELOG.md").read_text().splitlines()
    assert any(line.startswith("## ") and enunciate.__version__ in line for line in lines)


def test_the_composed_image_names_the_version():
    assert composed()["image"] == f"enunciate:{enunciate.__version__}"


def test_a_container_has_more_time_to_stop_than_the_service_takes():
    from enunciate.serve.settings import ServiceSettings

    assert int(composed()["stop_grace_period"].removesuffix("s")) > ServiceSettings().shutdown_grace_s
