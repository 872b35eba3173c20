"""Results with IPA symbols in place of ARPAbet."""

from __future__ import annotations

from typing import TypeVar

from enunciate.phones import to_ipa
from enunciate.phones.inventory import UNCLEAR
from enunciate.schema import Assessment, PhoneResult, PhraseResult

_Result = TypeVar("_Result", Assessment, PhraseResult)


def in_ipa(result: _Result) -> _Result:
    """Return a copy of a result with its phones in IPA."""
    words = tuple(
        word.model_copy(
            update={
                "phones": tuple(_phone_in_ipa(phone) for phone in word.phones),
                "inserted": tuple(_symbols_in_ipa(phone) for phone in word.inserted),
            }
        )
        for word in result.words
    )
    phones = tuple(_phone_in_ipa(phone) for phone in result.phones)
    return result.model_copy(update={"words": words, "phones": phones})


def _phone_in_ipa(phone: PhoneResult) -> PhoneResult:
    heard = None if phone.heard is None else _symbols_in_ipa(phone.heard)
    candidates = tuple(
        one.model_copy(update={"phone": _symbols_in_ipa(one.phone)}) for one in phone.candidates
    )
    return phone.model_copy(
        update={"phone": _symbols_in_ipa(phone.phone), "heard": heard, "candidates": candidates}
    )


def _symbols_in_ipa(symbols: str) -> str:
    """Convert phones with spaces between them; keep `*` (a distorted phone) and `<unk>` (unclear)."""
    return " ".join(
        symbol if symbol == UNCLEAR else to_ipa(symbol.rstrip("*")) + "*" * symbol.endswith("*")
        for symbol in symbols.split()
    )
