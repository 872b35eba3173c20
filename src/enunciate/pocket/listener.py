"""Listening: the encoder run over a clip, and an alignment of the reference text or of the phones heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate import audio
from enunciate.assembly.clip import LoadedClip, load_clip
from enunciate.errors import TextTooLongError
from enunciate.phones import Lexicon, is_vowel
from enunciate.phones.reference import Reference
from enunciate.pocket.acoustic_model import FRAME_S, AcousticModel, Outputs
from enunciate.pocket.ctc import HEARING, PhoneModel, beam_search, load_phone_model
from enunciate.pocket.forced_alignment import Alignment, AlignmentError, LogProbs, align, align_heard
from enunciate.pocket.symbols import classes_of, phone_of
from enunciate.pocket.weights_folder import ENCODER, PHONE_MODEL
from enunciate.schema import Utterance

FASTEST_PHONES_PER_S = 33.0
"""Nobody speaks faster: a text with more phones does not belong to the clip."""


@dataclass(frozen=True, eq=False)
class AlignedClip(LoadedClip):
    """A clip with the encoder's outputs and the phones aligned with them."""

    outputs: Outputs
    alignment: Alignment | None
    """The canonical phones or, without reference, those heard; None where none was heard."""

    @property
    def stress(self) -> npt.NDArray[np.float32]:
        """(U,) 1 for the stressed vowel of a word of several syllables, else 0."""
        assert self.reference is not None and self.alignment is not None
        chosen = [
            variants[k] for variants, k in zip(self.reference.stressed, self.alignment.variants, strict=True)
        ]
        return stress_marks(chosen)


class Listener:
    """The encoder and the phone model of a folder of weights."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        self._folder = folder
        self._acoustic_model = AcousticModel(folder / ENCODER, threads)
        self._lexicon = Lexicon.default(lexicon)

    @cached_property
    def _phone_model(self) -> PhoneModel:
        """Loaded on first use: an assessment with reference never needs it."""
        return load_phone_model(self._folder / PHONE_MODEL)

    def listen(self, utterance: Utterance) -> AlignedClip:
        """Encode and align a clip.

        Raises:
            AudioError: The clip cannot be assessed.
            TextError: The text cannot be turned into phones, or has too many for the clip.
        """
        clip = load_clip(utterance, self._lexicon)
        outputs = self._acoustic_model(clip.speech.samples)
        if clip.reference is None:
            heard = self.hear(outputs)
            alignment = align_heard(outputs.frame, heard) if heard else None
        else:
            alignment = align_text(outputs.frame, _variants(clip.reference), utterance.id)
        return AlignedClip(utterance, clip.speech, clip.reference, outputs, alignment)

    def encode(self, utterance: Utterance) -> Outputs:
        """Return the encoder's outputs alone."""
        return self._acoustic_model(audio.load(utterance.audio).samples)

    def hear(self, outputs: Outputs) -> list[int]:
        """Return the classes of the phones heard, without use of the reference text."""
        return beam_search(outputs.ctc, self._phone_model, HEARING)

    def phones(self, outputs: Outputs) -> tuple[str, ...]:
        """Return the phones heard, without use of the reference text."""
        return tuple(map(phone_of, self.hear(outputs)))


def align_text(log_probs: LogProbs, words: Sequence[Sequence[Sequence[int]]], utterance_id: str) -> Alignment:
    """Align the words of a user's text, as `forced_alignment.align` does.

    Raises:
        TextTooLongError: The clip has too few frames for their phones.
    """
    phones = sum(min(map(len, variants)) for variants in words)
    seconds = len(log_probs) * FRAME_S
    if phones > seconds * FASTEST_PHONES_PER_S:
        raise TextTooLongError.for_clip(utterance_id, phones, seconds)
    try:
        return align(log_probs, words)
    except AlignmentError as error:
        raise TextTooLongError.for_clip(utterance_id, phones, seconds) from error


def stress_marks(words: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
    """For all phones of words, 1 for the primary-stressed vowel of a word of several syllables, else 0."""
    marks: list[float] = []
    for phones in words:
        several = sum(is_vowel(phone) for phone in phones) > 1
        marks += [float(several and phone.endswith("1")) for phone in phones]
    return np.array(marks, dtype=np.float32)


def _variants(reference: Reference) -> list[list[list[int]]]:
    return [[classes_of(phones) for phones in word] for word in reference.variants]
