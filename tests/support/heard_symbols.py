"""Symbols heard and canonical phones, written by hand."""

import numpy as np
from hypothesis import strategies as st

from enunciate.assembly.clip import LoadedClip
from enunciate.assembly.diagnosis import HeardSymbol, diagnose, heard_symbols
from enunciate.assembly.heard import word_results
from enunciate.audio import Speech
from enunciate.phones.pronunciation import Pronunciation
from enunciate.reading.reference import Reference
from enunciate.schema import Utterance

SYMBOLS = st.sampled_from(["K", "AE", "T", "S", "AH", "K*", "<unk>"])


def reference(*words: str) -> Reference:
    """Each word given by its pronunciations, separated by a bar."""
    ways = [tuple(Pronunciation(tuple(way.split())) for way in word.split("|")) for word in words]
    names = tuple(f"w{index}" for index in range(len(words)))
    return Reference(names, tuple(ways), (False,) * len(names))


def said(symbols: str, p: float = 0.9) -> tuple[HeardSymbol, ...]:
    return heard_symbols(symbols.split(), [p] * len(symbols.split()))


def results(heard: str, *words: str, p: float = 0.9):
    return word_results(diagnose(reference(*words), said(heard, p)), None)


def phones(*found):
    return [(phone.phone, phone.heard, phone.mispronounced) for word in found for phone in word.phones]


def loaded_clip(given: Reference | None, **levels) -> LoadedClip:
    """A second of silence with this reference; `levels` are fields of its `Speech`."""
    fields = {"clipped_share": 0.0, "peak": 0.5, "rms_dbfs": -20.0, "loud_dbfs": -10.0} | levels
    speech = Speech(np.zeros(16_000, np.float32), source_rate_hz=16_000, **fields)
    return LoadedClip(Utterance(id="a", audio=b""), speech, given)
