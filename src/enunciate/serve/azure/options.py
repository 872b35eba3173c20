"""The options of Azure's pronunciation assessment, from a request header or a message of the Speech SDK."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

LANGUAGE = "en-US"
"""The language that clients have to ask for; case does not matter."""


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class AzureOptions(BaseModel):
    """The options of one request. Names and values are case-insensitive, as in Azure."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, alias_generator=lambda name: name.replace("_", "")
    )

    reference_text: Annotated[str, Field(max_length=5_000)] = ""
    grading_system: Annotated[Literal["fivepoint", "hundredmark"], BeforeValidator(_lower)] = "fivepoint"
    granularity: Annotated[Literal["phoneme", "word", "fulltext"], BeforeValidator(_lower)] = "phoneme"
    dimension: Annotated[Literal["basic", "comprehensive"], BeforeValidator(_lower)] = "basic"
    enable_miscue: bool = False
    enable_prosody_assessment: bool = False
    phoneme_alphabet: Annotated[Literal["ipa", "sapi"], BeforeValidator(_lower)] = "sapi"
    n_best_phoneme_count: Annotated[int, Field(ge=0)] = 0


def parse_options(header: str) -> AzureOptions:
    """Parse the header.

    Raises:
        ValueError: it is not a JSON object in base64, or has a value that Azure does not accept.
    """
    try:
        decoded = base64.b64decode(header + "=" * (-len(header) % 4), validate=True).decode("utf-8")
        value: Any = json.loads(decoded)
    except (binascii.Error, ValueError, RecursionError):
        raise ValueError("Pronunciation-Assessment is not JSON in UTF-8, encoded as base64") from None
    return read_options(value, "Pronunciation-Assessment")


def read_options(value: Any, name: str) -> AzureOptions:
    """Read the options from a JSON value.

    Args:
        value: What JSON was parsed to.
        name: What a message of an error calls it.

    Raises:
        ValueError: It is not an object, or has a value that Azure does not accept.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not a JSON object")
    try:
        return AzureOptions.model_validate(
            {key.lower(): v for key, v in cast("dict[str, Any]", value).items()}
        )
    except ValidationError as error:
        details = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
        raise ValueError(f"{name}: {details}") from None
