"""An utterance whose audio is decoded and whose reference text is turned into phones."""

from __future__ import annotations

from dataclasses import dataclass

from enunciate import audio
from enunciate.phones import Lexicon
from enunciate.reading.reference import Reference, read_reference
from enunciate.schema import Utterance


@dataclass(frozen=True, eq=False)
class LoadedClip:
    """One utterance, decoded and checked."""

    utterance: Utterance
    speech: audio.Speech
    reference: Reference | None
    """None without reference text."""


def load_clip(utterance: Utterance, lexicon: Lexicon, *, longest_s: float = audio.MAX_CLIP_S) -> LoadedClip:
    """Decode the audio of an utterance, which lasts at most `longest_s`, and look up its words.

    Raises:
        AudioError: The audio cannot be assessed.
        TextError: The text cannot be turned into phones.
    """
    speech = audio.load(utterance.audio, longest_s=longest_s)
    return LoadedClip(utterance, speech, read_reference(utterance, lexicon))
