"""Listening: the encoder run over a clip, and an alignment of the reference text or of the phones heard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from enunciate import audio
from enunciate.assembly.clip import LoadedClip, load_clip
from enunciate.conformer.acoustic_model import AcousticModel
from enunciate.conformer.features import Outputs
from enunciate.conformer.forced_alignment import Alignment, align_heard
from enunciate.conformer.phone_timing import fit_text
from enunciate.conformer.weights_folder import ENCODER, PHONE_MODEL
from enunciate.phones import Lexicon
from enunciate.pocket.ctc import HEARING, PhoneModel, beam_search, load_phone_model
from enunciate.pocket.symbols import classes_of, phone_of
from enunciate.schema import Utterance


@dataclass(frozen=True, eq=False)
class AlignedClip(LoadedClip):
    """A clip with the encoder's outputs and the phones aligned with them."""

    outputs: Outputs
    alignment: Alignment | None
    """The canonical phones or, without reference, those heard; None where none was heard."""


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
            variants = [[classes_of(phones) for phones in word] for word in clip.reference.variants]
            alignment = fit_text(outputs.frame, variants, utterance.id)
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
