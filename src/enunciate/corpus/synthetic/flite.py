"""Flite as a library, through its C interface."""

from __future__ import annotations

import ctypes
import random
from typing import Any

import numpy as np

from enunciate.corpus.synthetic.mispronunciations import SILENCE, Change
from enunciate.corpus.synthetic.synthesiser import (
    Editor,
    SynthesisedSpeech,
    arpabet,
    native_phone,
    segments_by_end,
)

_POINTER = ctypes.c_void_p
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "flite_synth_text": (_POINTER, [ctypes.c_char_p, _POINTER]),
    "utt_relation": (_POINTER, [_POINTER, ctypes.c_char_p]),
    "utt_wave": (_POINTER, [_POINTER]),
    "relation_head": (_POINTER, [_POINTER]),
    "item_next": (_POINTER, [_POINTER]),
    "item_as": (_POINTER, [_POINTER, ctypes.c_char_p]),
    "item_append": (_POINTER, [_POINTER, _POINTER]),
    "item_feat_string": (ctypes.c_char_p, [_POINTER, ctypes.c_char_p]),
    "item_feat_float": (ctypes.c_float, [_POINTER, ctypes.c_char_p]),
    "item_set_string": (None, [_POINTER, ctypes.c_char_p, ctypes.c_char_p]),
    "delete_item": (None, [_POINTER]),
    "delete_utterance": (None, [_POINTER]),
    "flite_ffeature_string": (ctypes.c_char_p, [_POINTER, ctypes.c_char_p]),
    "flite_get_param_val": (_POINTER, [_POINTER, ctypes.c_char_p, _POINTER]),
    "flite_feat_set": (None, [_POINTER, ctypes.c_char_p, _POINTER]),
    "flite_feat_set_float": (None, [_POINTER, ctypes.c_char_p, ctypes.c_float]),
    "val_uttfunc": (_POINTER, [_POINTER]),
    "uttfunc_val": (_POINTER, [_POINTER]),
}
_UTTERANCE_FUNCTION = ctypes.CFUNCTYPE(_POINTER, _POINTER)
_PITCH_HZ = {"slt": (150, 230), "rms": (80, 125), "awb": (95, 170), "kal16": (80, 140)}
_WORD_END_FEATURES = (b"R:SylStructure.n.name", b"R:SylStructure.parent.n.daughter.name")


class _FliteWave(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    ]


class Flite:
    """Flite in this process; phones are read and edited in its post-lexical hook."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libflite.so.1", ctypes.RTLD_GLOBAL)
        for name in ("libflite_usenglish.so.1", "libflite_cmulex.so.1"):
            ctypes.CDLL(name, ctypes.RTLD_GLOBAL)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        self._library.flite_init()
        self._editor: Editor | None = None
        self._canonical: tuple[str, ...] = ()
        self._hooks: list[Any] = []  # references, because ctypes frees a callback without any
        self._voices = {name: self._load(name) for name in _PITCH_HZ}

    def _load(self, name: str) -> int:
        register = getattr(ctypes.CDLL(f"libflite_cmu_us_{name}.so.1"), f"register_cmu_us_{name}")
        register.restype = _POINTER
        voice = int(register(None))
        features = self._features(voice)
        value = self._library.flite_get_param_val(features, b"postlex_func", None)
        own = _UTTERANCE_FUNCTION(self._library.val_uttfunc(value)) if value else None

        def after_lexicon(utterance: int) -> int:
            result = own(utterance) if own else utterance
            self._edit(result)
            return result

        hook = _UTTERANCE_FUNCTION(after_lexicon)
        self._hooks += [own, hook]
        address = ctypes.cast(hook, _POINTER)
        self._library.flite_feat_set(features, b"postlex_func", self._library.uttfunc_val(address))
        return voice

    @staticmethod
    def _features(voice: int) -> int:
        return ctypes.cast(voice, ctypes.POINTER(_POINTER))[1] or 0

    def _items(self, utterance: int) -> list[int]:
        item = self._library.relation_head(self._library.utt_relation(utterance, b"Segment"))
        items: list[int] = []
        while item:
            items.append(item)
            item = self._library.item_next(item)
        return items

    def _phone(self, item: int) -> str:
        return arpabet(self._library.item_feat_string(item, b"name").decode())

    def _edit(self, utterance: int) -> None:
        items = self._items(utterance)
        phones = [self._phone(item) for item in items]
        self._canonical = tuple(phone for phone in phones if phone != SILENCE)
        if self._editor is None:
            return
        read = self._library.flite_ffeature_string
        final = [all(read(item, feature) == b"0" for feature in _WORD_END_FEATURES) for item in items]
        for item, phone, said in zip(items, phones, self._editor(phones, final), strict=True):
            if said != (phone,):
                self._replace(item, phone, said)

    def _replace(self, item: int, phone: str, said: Change) -> None:
        library = self._library
        if not said:
            library.delete_item(library.item_as(item, b"SylStructure"))
            library.delete_item(item)
            return
        if said[0] != phone:
            library.item_set_string(item, b"name", native_phone(said[0]).encode())
        for extra in said[:0:-1]:
            added = library.item_append(item, None)
            library.item_set_string(added, b"name", native_phone(extra).encode())
            library.item_append(library.item_as(item, b"SylStructure"), added)

    def say(self, text: str, editor: Editor | None, rng: random.Random) -> SynthesisedSpeech | None:
        """See `Synthesiser.say`."""
        name = rng.choice(sorted(self._voices))
        voice = self._voices[name]
        settings = {
            b"int_f0_target_mean": rng.uniform(*_PITCH_HZ[name]),
            b"duration_stretch": rng.uniform(0.85, 1.5),
        }
        for feature, value in settings.items():
            self._library.flite_feat_set_float(self._features(voice), feature, value)
        self._editor = editor
        utterance = self._library.flite_synth_text(text.encode("ascii", "ignore"), voice)
        if not utterance:
            return None
        sound = _FliteWave.from_address(self._library.utt_wave(utterance))
        samples = np.ctypeslib.as_array(sound.samples, (sound.num_samples,)).astype(np.int16)
        items = self._items(utterance)
        ends = [(self._phone(item), self._library.item_feat_float(item, b"end")) for item in items]
        segments = segments_by_end(ends, len(samples) / sound.sample_rate)
        speech = SynthesisedSpeech(samples, sound.sample_rate, segments, self._canonical, f"flite-{name}")
        self._library.delete_utterance(utterance)
        return speech
