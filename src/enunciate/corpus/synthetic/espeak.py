"""espeak-ng as a library: many accents and voices, and phoneme events that carry sample positions.

espeak-ng has its own phonemes, finer than ARPAbet and different by accent, so most of this module is the
map between the two. A phoneme that joins two ARPAbet phones (the vowel of "car") is split by a fixed
share of its time; one that is no phone of its own (a glide between vowels) joins the phone before it.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from enunciate.corpus.synthetic.errors import SILENCE, VOWELS, Change
from enunciate.corpus.synthetic.voices import Editor, Segment, Speech
from enunciate.errors import CorpusError

_CONSONANT_NAMES = """b B|d D|d[ D|dZ JH|D DH|f F|g G|h HH|j Y|k K|x K|l L|l# L|l/ L|l/2 L|L L|m M|n N|N NG
p P|r R|r- R|r/ R|s S|S SH|t T|t# T|t2 T|? T|t[ T|tS CH|T TH|v V|w W|w# W|z Z|z# Z
z/2 Z|Z ZH|; -|@L AH L|n- AH N|m- AH M"""
_VOWEL_NAMES = """a AE|aa AE|A AA|A: AA|a# AH|aI AY|aI2 AY|aI@ AY AH|aI3 AY ER|aU AW|E EH|e EH|E2 EH
e@ EH R|eI EY|I IH|I# IH|I2 IH|IR IH|i IY|i: IY|i:: IY|i::: IY|i@ IY AH|i@3 IH R|0 AA
O AO|O: AO|O2 AA|O@ AO R|o@ AO R|OI OY|oU OW|U UH|U@ UH R|u UW|u: UW|V AH|VR AH|@ AH
@- AH|@2 AH|@L AH L|3 ER|3: ER"""
_NON_RHOTIC = "A@ AA|e@ EH|i@3 IY AH|O@ AO|o@ AO|U@ UH|3 AH|aI3 AY AH"


def _phone_map(*tables: str) -> dict[str, tuple[str, ...]]:
    rows = (row.split() for table in tables for row in table.replace("\n", "|").split("|"))
    return {name: tuple(phone for phone in phones if phone != "-") for name, *phones in rows}


_RHOTIC = _phone_map(_CONSONANT_NAMES, _VOWEL_NAMES, "A@ AA R")
_NOT_RHOTIC = _phone_map(_CONSONANT_NAMES, _VOWEL_NAMES, _NON_RHOTIC)
_ACCENTS: dict[str, tuple[float, dict[str, tuple[str, ...]]]] = {
    "gmw/en-US": (0.62, _RHOTIC),
    "gmw/en": (0.12, _NOT_RHOTIC),
    "gmw/en-GB-x-rp": (0.12, _NOT_RHOTIC | _phone_map("aa AA")),
    "gmw/en-GB-x-gbclan": (0.03, _NOT_RHOTIC | _phone_map("V UH")),
    "gmw/en-GB-scotland": (0.03, _RHOTIC | _phone_map("3 AH")),
    "gmw/en-029": (0.02, _NOT_RHOTIC),
    "gmw/en-US-nyc": (0.06, _NOT_RHOTIC),
}
_VARIANTS = """f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8 Alex Alicia Andrea Andy Annie Diogo Gene
Gene2 Hugo Jacky Lee Marco Mario Michael Mike adam anika announcer antonio aunty belinda
benjamin boris caleb david ed edward edward2 grandma grandpa gustave iven iven2 iven3 iven4 john
klatt klatt2 klatt3 klatt4 linda marcelo max michel miguel norbert pablo paul pedro quincy rob
robert sandro shelby steph steph2 steph3 travis victor zac""".split()
_MNEMONIC_PAIRS = """AA=A: AE=a AH=@ AO=O: AW=aU AY=aI B=b CH=tS D=d DH=D EH=E ER=3: EY=eI F=f G=g
HH=h IH=I IY=i: JH=dZ K=k L=l M=m N=n NG=N OW=oU OY=OI P=p R=r S=s SH=S T=t TH=T UH=U UW=u: V=v W=w
Y=j Z=z ZH=Z"""
_MNEMONICS = {phone: name for phone, _, name in (pair.partition("=") for pair in _MNEMONIC_PAIRS.split())}
_STRESS_MARKS = "',%="
_SECOND_SHARE = 0.4
"""How much of a joint phoneme (vowel and R, schwa and L) is its second phone."""

_RETRIEVAL_MODE = 2
_PHONEME_EVENTS = 0x0001
_DONT_EXIT = 0x8000
_UTF8 = 1
_PHONEME_INPUT = 0x100
_PHONEME_EVENT = 7
_RATE, _PITCH, _RANGE = 1, 3, 4


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    ]


_SYNTH_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def phones_of(names: Sequence[str], accent: str) -> list[tuple[str, ...]]:
    """ARPAbet phones of each espeak-ng phoneme; empty for a glide that is none of its own.

    An R that both a vowel and the consonant after it carry is counted once ("hurry", "very").

    Raises:
        KeyError: A phoneme that the map does not know.
    """
    table = _ACCENTS[accent][1]
    silence = (SILENCE,)
    found: list[tuple[str, ...]] = [silence if name.startswith("_") else table[name] for name in names]
    for index in range(1, len(found)):
        before = found[index - 1]
        if found[index] == ("R",) and len(before) > 1 and before[-1] == "R":
            found[index - 1] = before[:-1]
        elif found[index] == ("R",) and before[-1:] == ("ER",):
            found[index] = ()
    return found


def segments_of(
    names: Sequence[str], starts: Sequence[int], total: int, accent: str
) -> list[tuple[str, float, float]]:
    """Phones with their first sample and the sample after their last."""
    bounds = [0.0, *map(float, starts[1:]), float(total)]
    found: list[tuple[str, float, float]] = []
    for index, phones in enumerate(phones_of(names, accent)):
        start, end = bounds[index], bounds[index + 1]
        if not phones and found:
            found[-1] = (found[-1][0], found[-1][1], end)
        elif phones and end <= start and found and found[-1][0] != SILENCE:
            # espeak-ng plays this phone within the transition out of the one before it.
            phone, first, _ = found[-1]
            cut = start - _SECOND_SHARE * (start - first)
            found[-1:] = [(phone, first, cut), (phones[0], cut, start)]
        elif phones:
            cut = end - _SECOND_SHARE * (end - start) if len(phones) > 1 else end
            found.extend(zip(phones, (start, cut), (cut, end), strict=False))
    return found


class Espeak:
    """espeak-ng in retrieval mode; mispronunciations go in as phoneme mnemonics."""

    def __init__(self, root: Path | None = None) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        data = None if root is None else str(next(root.glob("usr/lib/*/espeak-ng-data")).parent).encode()
        self._rate_hz = self._library.espeak_Initialize(
            _RETRIEVAL_MODE, 0, data, _PHONEME_EVENTS | _DONT_EXIT
        )
        if self._rate_hz <= 0:
            raise CorpusError("espeak-ng does not start: install espeak-ng-data, or name its --root")
        self._callback = _SYNTH_CALLBACK(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)
        self._blocks: list[np.ndarray[Any, np.dtype[np.int16]]] = []
        self._names: list[str] = []
        self._starts: list[int] = []

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if samples and count:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type:
            if events[index].type == _PHONEME_EVENT:
                self._names.append(events[index].name.decode())
                self._starts.append(events[index].sample)
            index += 1
        return 0

    def _synthesise(self, text: str) -> None:
        self._blocks, self._names, self._starts = [], [], []
        encoded = text.encode()
        flags = _UTF8 | _PHONEME_INPUT
        self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, flags, None, None)
        self._library.espeak_Synchronize()

    def phonemes(self, text: str) -> list[list[list[str]]]:
        """Clauses of words of phonemes as espeak-ng would speak `text`, stress marks before the vowels."""
        rest = ctypes.c_char_p(text.encode())
        clauses: list[list[list[str]]] = []
        while rest.value:
            # The separator goes into bits 8 to 23 of the mode.
            clause = self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, ord("|") << 8).decode()
            words = ([name for name in word.split("|") if name.strip("_:")] for word in clause.split())
            clauses.append([word for word in words if word])
        return clauses

    def _edited(self, text: str, accent: str, editor: Editor) -> str:
        clauses: list[str] = []
        for clause in self.phonemes(text):
            names = [name for word in clause for name in word]
            plain = [name.strip(_STRESS_MARKS) for name in names]
            units = phones_of(plain, accent)
            ends = [position == len(word) - 1 for word in clause for position in range(len(word))]
            phones = [phone for unit in units for phone in unit]
            final = [
                end and index == len(unit) - 1
                for unit, end in zip(units, ends, strict=True)
                for index in range(len(unit))
            ]
            changes = iter(editor(phones, final) if phones else [])
            said = [_respelt(name, unit, changes) for name, unit in zip(names, units, strict=True)]
            words: list[str] = []
            position = 0
            for word in clause:
                words.append("|".join(name for name in said[position : position + len(word)] if name))
                position += len(word)
            clauses.append(f"[[{' '.join(words)}]]")
        return ", ".join(clauses)

    def say(self, text: str, editor: Editor | None, rng: random.Random) -> Speech | None:
        """See `Synthesiser.say`."""
        accent = rng.choices(list(_ACCENTS), [weight for weight, _ in _ACCENTS.values()])[0]
        voice = f"{accent}+{rng.choice(_VARIANTS)}"
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            return None
        settings = {_RATE: rng.randint(95, 200), _PITCH: rng.randint(15, 85), _RANGE: rng.randint(20, 80)}
        for parameter, value in settings.items():
            self._library.espeak_SetParameter(parameter, value, 0)
        try:
            self._synthesise(text)
            canonical = tuple(phone for phone, _, _ in self._segments(accent) if phone != SILENCE)
            if editor is not None:
                self._synthesise(self._edited(text, accent, editor))
            segments = self._segments(accent)
        except KeyError:  # a phoneme of another language, in a foreign name: no label for it
            return None
        samples = np.concatenate(self._blocks)
        timed: tuple[Segment, ...] = tuple(
            (phone, start / self._rate_hz, end / self._rate_hz) for phone, start, end in segments
        )
        return Speech(samples, self._rate_hz, timed, canonical, f"espeak-{voice}")

    def _segments(self, accent: str) -> list[tuple[str, float, float]]:
        total = sum(map(len, self._blocks))
        return segments_of(self._names, self._starts, total, accent)


def _respelt(name: str, unit: tuple[str, ...], changes: Iterator[Change]) -> str:
    """The mnemonics for what is said in place of one phoneme; `name` itself where nothing changed."""
    said = [next(changes) for _ in unit]
    if said == [(phone,) for phone in unit]:
        return name
    stress = name[: len(name) - len(name.lstrip(_STRESS_MARKS))]
    phones = [phone for change in said for phone in change]
    spelt = [(stress if phone in VOWELS else "") + _MNEMONICS[phone] for phone in phones]
    return "|".join(spelt)
