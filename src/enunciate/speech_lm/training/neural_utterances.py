"""Clips of neural voices as utterances whose sounds are known: examples of the MDD task."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from enunciate.audio import SAMPLE_RATE_HZ
from enunciate.corpus.labels import DELETED
from enunciate.corpus.synthetic.neural_clip import NeuralClip, read_learnable
from enunciate.phones import strip_stress
from enunciate.schema import Clip, Mispronunciation, ReferenceWord, Utterance


def neural_utterances(folder: Path, limit: int | None = None) -> Iterator[Utterance]:
    """Yield the clips that are not kept for tests.

    Raises:
        CorpusError: The folder has no set of clips, or the two files of a set do not match.
    """
    return map(neural_utterance, read_learnable(folder, limit))


def neural_utterance(clip: NeuralClip) -> Utterance:
    """Return a clip as an utterance with the diagnoses that an annotator would write, and without scores."""
    said = iter(clip.said)
    words: list[ReferenceWord] = []
    for text, phones in clip.words:
        pairs = list(zip(map(strip_stress, phones), said, strict=False))
        errors = tuple(
            Mispronunciation(canonical=phone, index=index, pronounced=" ".join(sounds) or DELETED)
            for index, (phone, sounds) in enumerate(pairs)
            if sounds != (phone,)
        )
        words.append(ReferenceWord(text=text, phones=phones, mispronunciations=errors))
    audio = Clip(samples=clip.samples, sample_rate_hz=SAMPLE_RATE_HZ)
    return Utterance(id=clip.id, audio=audio, text=clip.text, words=tuple(words))
