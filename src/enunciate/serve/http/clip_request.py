"""The form of a clip in a request, in JSON and as fields of a multipart form."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from enunciate.schema import Accent

MAX_TEXT = 20_000
"""Maximum length of a reference text in characters; ten minutes of fast speech have just under that."""
MAX_WORDS = 3_000
"""Maximum number of words with pronunciations; ten minutes of fast speech have fewer."""


PhoneSymbols = Literal["arpabet", "ipa"]


class _RequestModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WordRequest(_RequestModel):
    """A word of the reference, with its pronunciation."""

    text: Annotated[str, Field(min_length=1, max_length=100)]
    """The word as it is written."""
    phones: Annotated[list[str], Field(min_length=1, max_length=50)]
    """Its phones in ARPAbet; stress digits are optional."""


def _decoded(value: object) -> object:
    """Return the text of a form's field, which comes as bytes."""
    return value.decode("utf-8") if isinstance(value, bytes) else value


class ClipRequest(_RequestModel):
    """A clip to assess."""

    audio: Annotated[str | bytes, WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
    """A file (WAV, FLAC, Ogg, Opus, MP3, WebM, M4A): encoded as base64 in JSON, as it is in a form."""
    text: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    """The reference text. A word can carry its pronunciation, as in `tomato{T AH M EY T OW}`."""
    words: Annotated[list[WordRequest], Field(min_length=1, max_length=MAX_WORDS)] | None = None
    """The reference as words with their phones, in place of `text`."""
    accent: Annotated[Accent, BeforeValidator(_decoded)] | None = None
    """Which pronunciations of `text` are right: `us` (the default), `gb`, or `any` for both."""
    lexicon: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    """Pronunciations of words of `text`, a line `WORD PH1 PH2 ...` for each, as in a lexicon file."""
    phones: Annotated[PhoneSymbols, BeforeValidator(_decoded)] = "arpabet"
    """The symbols of the phones in the answer."""
    id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Returned with the answer; by default, the id of the request."""


class TextRequest(_RequestModel):
    """A text to read."""

    text: Annotated[str, Field(max_length=MAX_TEXT)]
    """The text, in the same form as the reference text of a clip."""
