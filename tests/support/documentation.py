"""The fenced blocks of a page of the documentation, which tests run."""

from __future__ import annotations

import re

from support.paths import REPOSITORY


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a language in a page, in order."""
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
