"""The corpora that can be read."""

from __future__ import annotations

from enum import StrEnum


class CorpusKind(StrEnum):
    """The corpora that can be read."""

    SPEECHOCEAN762 = "speechocean762"
    L2ARCTIC = "l2arctic"
    EPADB = "epadb"
    HUGGINGFACE = "huggingface"
    TABLE = "table"
