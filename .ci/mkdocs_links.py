"""Lets one text serve GitHub and the site: includes texts of the root folder, and rewrites relative links.

`{{ README.md }}` in a page stands for that file. A link to a page of docs/ stays on the site; a link to any
other file of the repository leads to GitHub.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
LOG = logging.getLogger("mkdocs.hooks.links")
BLOB = "https://github.com/enunciate/enunciate/blob/main/"
RAW = "https://raw.githubusercontent.com/enunciate/enunciate/main/"
INCLUDE = re.compile(r"\{\{ ([\w.]+) \}\}")
LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?!https?:|mailto:|#)(?P<target>[^)\s]+)\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Include texts of the root folder, then rewrite the links of the page."""
    included = INCLUDE.sub(lambda name: (REPOSITORY / name[1]).read_text(encoding="utf-8"), markdown)
    folder = REPOSITORY if included != markdown else Path(page.file.abs_src_path).parent
    return LINK.sub(lambda link: rewritten(link, folder), included)


def rewritten(link: re.Match[str], folder: Path) -> str:
    """A link of a text in `folder`, as seen from docs/ if it stays there."""
    path, _, anchor = link["target"].partition("#")
    if not (folder / path).exists():
        LOG.warning("there is no %s", link["target"])
    target = (folder / path).resolve().relative_to(REPOSITORY).as_posix()
    if target.startswith("docs/"):
        address = target.removeprefix("docs/") if folder == REPOSITORY else path
    else:
        address = (RAW if link["image"] else BLOB) + target
    return f"{link['image']}[{link['text']}]({address}{'#' + anchor if anchor else ''})"
