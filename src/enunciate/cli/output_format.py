"""The forms in which `enunciate assess` writes results, and what runs it."""

from __future__ import annotations

from enum import StrEnum


class OutputFormat(StrEnum):
    """How assessments are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    TEXTGRID = "textgrid"
    PARQUET = "parquet"


class PhoneAlphabet(StrEnum):
    """The alphabet in which phones are written."""

    ARPABET = "arpabet"
    IPA = "ipa"


class ExecutionEngine(StrEnum):
    """What runs the assessments."""

    LOCAL = "local"
    RAY = "ray"
