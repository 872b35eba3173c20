"""Listening: the encoder run over a clip, and an alignment of the reference text or of the phones heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate import audio
from enunciate.assembly.clip import LoadedClip, load_clip
from enunciate.phones import Lexicon, is_vowel
from enunciate.phones.pronunciation import Pronunciation
from enunciate.pocket.acoustic_model import FRAME_SAMPLES, WINDOW, AcousticModel, Outputs
from enunciate.pocket.ctc import HEARING, PhoneModel, beam_search, load_phone_model
from enunciate.pocket.forced_alignment import Alignment, align_heard
from enunciate.pocket.symbols import SILENCE, classes_of, phone_of
from enunciate.pocket.text_alignment import TextSearch
from enunciate.pocket.weights_folder import ENCODER, PHONE_MODEL
from enunciate.progress import Progress
from enunciate.reading.reference import Reference
from enunciate.schema import Accent, Utterance


@dataclass(frozen=True, eq=False)
class AlignedClip(LoadedClip):
    """A clip with the encoder's outputs and the phones aligned with them."""

    outputs: Outputs
    alignment: Alignment | None
    """The canonical phones or, without reference, those heard; None where none was heard."""
    heard: list[int] | None
    """The classes of the phones heard; None with reference, which does not need them."""
    is_whole: bool = True
    """False while the rest is not heard yet: `outputs` and `alignment` are then those of the beginning."""

    @property
    def aligned(self) -> Alignment:
        """The alignment of a clip that has one."""
        assert self.alignment is not None
        return self.alignment

    @property
    def ends_phrase(self) -> Sequence[bool]:
        """(W,) whether a punctuation mark follows the word; without reference each phone is a word."""
        assert self.alignment is not None
        return self.reference.ends_phrase if self.reference else [False] * len(self.alignment.variants)

    @cached_property
    def stress(self) -> npt.NDArray[np.float32]:
        """(U,) 1 for the stressed vowel of a word of several syllables, else 0."""
        return stress_marks([pronunciation.phones for pronunciation in self.read])

    @cached_property
    def canonical(self) -> list[str]:
        """(U,) the phones of the pronunciations that fit best, with their stress."""
        return [phone for pronunciation in self.read for phone in pronunciation.phones]

    @cached_property
    def read(self) -> list[Pronunciation]:
        """Those of `chosen` that are aligned: all but those of passages that were not read."""
        unread = {word for first, last in self.aligned.unread for word in range(first, last)}
        return [pronunciation for word, pronunciation in enumerate(self.chosen) if word not in unread]

    @cached_property
    def chosen(self) -> list[Pronunciation]:
        """For each word the pronunciation that fits best."""
        assert self.reference is not None and self.alignment is not None
        pairs = zip(self.reference.pronunciations, self.alignment.variants, strict=True)
        return [pronunciations[k] for pronunciations, k in pairs]


class Listener:
    """The encoder and the phone model of a folder of weights."""

    def __init__(
        self,
        folder: Path,
        *,
        lexicon: Path | None = None,
        accent: Accent = "us",
        threads: int = 1,
        longest_s: float = audio.MAX_DURATION_S,
        finds_passages: bool = True,
    ) -> None:
        """Prepare to listen.

        Args:
            folder: The weights.
            lexicon: Further pronunciations, in a file.
            accent: Whose pronunciations are accepted.
            threads: Those of the encoder.
            longest_s: The longest clip.
            finds_passages: Whether passages of a text that were not read are left out of the alignment; those
                who need all phones of a text there refuse such a text.
        """
        self._folder, self._longest_s, self._finds_passages = folder, longest_s, finds_passages
        self._acoustic_model = AcousticModel(folder / ENCODER, threads)
        self._lexicon = Lexicon.default(lexicon, accent)

    @cached_property
    def _phone_model(self) -> PhoneModel:
        """Loaded on first use: an assessment with reference never needs it."""
        return load_phone_model(self._folder / PHONE_MODEL)

    def listen(self, utterance: Utterance, progress: Progress | None = None) -> AlignedClip:
        """Encode and align a clip.

        Args:
            utterance: The clip.
            progress: Told how many seconds of the clip are encoded.

        Raises:
            AudioError: The clip cannot be assessed.
            TextError: The text cannot be turned into phones, or has too many for the clip.
        """
        clip = load_clip(utterance, self._lexicon, longest_s=self._longest_s)
        return self._aligned(clip, self._acoustic_model(clip.speech.samples, progress))

    def _aligned(self, clip: LoadedClip, outputs: Outputs) -> AlignedClip:
        heard = None
        if clip.reference is None:
            heard = self.hear(outputs)
            alignment = align_heard(outputs.frame, heard) if heard else None
        else:
            search = self._search(clip.reference, len(outputs.frame), clip.utterance.id)
            search.feed(outputs.frame, outputs.ctc)
            alignment = search.finish()
        return AlignedClip(clip.utterance, clip.speech, clip.reference, outputs, alignment, heard)

    def _search(self, reference: Reference, n_frames: int, utterance_id: str) -> TextSearch:
        words = variant_classes(reference)
        return TextSearch(words, n_frames, utterance_id, finds_passages=self._finds_passages)

    def listen_in_parts(
        self, utterance: Utterance, progress: Progress | None = None
    ) -> Iterator[AlignedClip]:
        """Encode and align a clip window by window.

        Yields:
            After each window but the last the frames so far and the words in them that what is to come
            will hardly change, if there are any; at the end, what `listen` returns.

        Raises:
            AudioError: The clip cannot be assessed.
            TextError: The text cannot be turned into phones, or has too many for the clip.
        """
        clip = load_clip(utterance, self._lexicon, longest_s=self._longest_s)
        samples = clip.speech.samples
        if clip.reference is None or len(samples) <= WINDOW * FRAME_SAMPLES:
            yield self._aligned(clip, self._acoustic_model(samples, progress))
            return
        n_frames = len(samples) // FRAME_SAMPLES
        search = self._search(clip.reference, n_frames, utterance.id)
        n_heard = 0
        for outputs in self._acoustic_model.in_windows(samples, progress):
            search.feed(outputs.frame[n_heard:], outputs.ctc[n_heard:])
            n_heard, whole = len(outputs.frame), len(outputs.frame) == n_frames
            alignment = search.finish() if whole else search.settled()
            if alignment is not None:
                yield AlignedClip(utterance, clip.speech, clip.reference, outputs, alignment, None, whole)

    def encode_alone(self, clip: AlignedClip, start: int, end: int) -> Outputs:
        """Encode frames `start` to `end` of a clip as if there were nothing else."""
        return self._acoustic_model.encode_alone(clip.speech.samples, clip.outputs, start, end)

    def recognise(self, utterance: Utterance) -> tuple[str, ...]:
        """Return the phones heard, without use of the reference text.

        Raises:
            AudioError: The clip cannot be assessed.
        """
        speech = audio.load(utterance.audio, longest_s=self._longest_s)
        return tuple(map(phone_of, self.hear(self._acoustic_model(speech.samples))))

    def hear(self, outputs: Outputs) -> list[int]:
        """Return the classes of the phones heard, without use of the reference text."""
        return beam_search(outputs.ctc, self._phone_model, HEARING)

    def phones(self, clip: AlignedClip) -> tuple[str, ...]:
        """Return the phones heard in a clip, without use of the reference text."""
        return tuple(map(phone_of, self.hear(clip.outputs) if clip.heard is None else clip.heard))


def stress_marks(words: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
    """For all phones of words, 1 for the primary-stressed vowel of a word of several syllables, else 0."""
    marks: list[float] = []
    for phones in words:
        several = sum(is_vowel(phone) for phone in phones) > 1
        marks += [float(several and phone.endswith("1")) for phone in phones]
    return np.array(marks, dtype=np.float32)


def variant_classes(reference: Reference) -> list[list[list[int]]]:
    """Return the classes of all pronunciations of each word, as `TextSearch` takes them."""
    return [[_classes(pronunciation) for pronunciation in word] for word in reference.pronunciations]


def _classes(pronunciation: Pronunciation) -> list[int]:
    """The classes of a pronunciation, with a place for silence between the words of a reading."""
    first, *further = map(classes_of, pronunciation.words)
    return first + [label for classes in further for label in (SILENCE, *classes)]
