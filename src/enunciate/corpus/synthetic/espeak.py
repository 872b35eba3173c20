"""espeak-ng as a library: many accents and voices, with events that give the first sample of each phoneme."""

from __future__ import annotations

import ctypes
import random
from pathlib import Path
from typing import Any

import numpy as np

from enunciate.corpus.synthetic.espeak_phonemes import (
    ACCENTS,
    STRESS_MARKS,
    phones_of,
    respelt,
    segments_of,
)
from enunciate.corpus.synthetic.mispronunciations import SILENCE
from enunciate.corpus.synthetic.synthesiser import Editor, Segment, SynthesisedSpeech
from enunciate.errors import CorpusError

_VARIANTS = """f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8 Alex Alicia Andrea Andy Annie Diogo Gene
Gene2 Hugo Jacky Lee Marco Mario Michael Mike adam anika announcer antonio aunty belinda
benjamin boris caleb david ed edward edward2 grandma grandpa gustave iven iven2 iven3 iven4 john
klatt klatt2 klatt3 klatt4 linda marcelo max michel miguel norbert pablo paul pedro quincy rob
robert sandro shelby steph steph2 steph3 travis victor zac""".split()
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


class Espeak:
    """espeak-ng in this process; an edited sentence is given to it as phoneme mnemonics."""

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
        """Return the phonemes of a text by clause and word, with stress marks before the vowels."""
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
            plain = [name.strip(STRESS_MARKS) for name in names]
            units = phones_of(plain, accent)
            ends = [position == len(word) - 1 for word in clause for position in range(len(word))]
            phones = [phone for unit in units for phone in unit]
            final = [
                end and index == len(unit) - 1
                for unit, end in zip(units, ends, strict=True)
                for index in range(len(unit))
            ]
            changes = iter(editor(phones, final) if phones else [])
            said = [respelt(name, unit, changes) for name, unit in zip(names, units, strict=True)]
            words: list[str] = []
            position = 0
            for word in clause:
                words.append("|".join(name for name in said[position : position + len(word)] if name))
                position += len(word)
            clauses.append(f"[[{' '.join(words)}]]")
        return ", ".join(clauses)

    def say(self, text: str, editor: Editor | None, rng: random.Random) -> SynthesisedSpeech | None:
        """See `Synthesiser.say`."""
        accent = rng.choices(list(ACCENTS), [weight for weight, _ in ACCENTS.values()])[0]
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
        except KeyError:  # a phoneme of another language, in a foreign name, has no label
            return None
        samples = np.concatenate(self._blocks)
        timed: tuple[Segment, ...] = tuple(
            (phone, start / self._rate_hz, end / self._rate_hz) for phone, start, end in segments
        )
        return SynthesisedSpeech(samples, self._rate_hz, timed, canonical, f"espeak-{voice}")

    def _segments(self, accent: str) -> list[tuple[str, float, float]]:
        total = sum(map(len, self._blocks))
        return segments_of(self._names, self._starts, total, accent)
