"""`gop-hmm`: goodness of pronunciation from an HMM-GMM recogniser, with the regressions of `gop`.

It needs neither an encoder nor torch. Without reference text it aligns the phones that pocketsphinx hears.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from enunciate import audio
from enunciate.assembly.clip import load_clip
from enunciate.baselines.assessor import FolderAssessor
from enunciate.baselines.gop.model import load_gop
from enunciate.baselines.pocketsphinx.acoustics import HmmAcoustics, HmmScores
from enunciate.baselines.pocketsphinx.goodness import encoder_outputs, hmm_goodness, with_omissions
from enunciate.baselines.pocketsphinx.hmm_alignment import HmmAlignment, align_phones_heard, align_words
from enunciate.errors import TextTooLongError
from enunciate.phones import Lexicon
from enunciate.pocket.forced_alignment import AlignmentError
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.symbols import classes_of, phone_of
from enunciate.schema import Assessment, Utterance


class HmmGopAssessor(FolderAssessor):
    """The engine of `gop-hmm`; see `enunciate.engines.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None) -> None:
        super().__init__(folder)
        self._model = load_gop(folder)
        self._acoustics = HmmAcoustics()
        self._lexicon = Lexicon.default(lexicon)

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            AudioError: A clip cannot be used.
            TextError: A text cannot be turned into phones, or has too many for its clip.
        """
        return [self._assess(utterance)[0] for utterance in utterances]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return the phones heard in each utterance, without use of the reference text."""
        return [_phones(self._acoustics(audio.load(utterance.audio).samples)) for utterance in utterances]

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> list[tuple[Assessment, tuple[str, ...]]]:
        """Return both for one pass of the decoder."""
        both = (self._assess(utterance) for utterance in utterances)
        return [(assessment, _phones(scores)) for assessment, scores in both]

    def _assess(self, utterance: Utterance) -> tuple[Assessment, HmmScores]:
        loaded = load_clip(utterance, self._lexicon)
        speech, reference = loaded.speech, loaded.reference
        scores = self._acoustics(speech.samples)
        if reference is None:
            aligned = align_phones_heard(scores)
        else:
            words = [[classes_of(phones) for phones in word] for word in reference.variants]
            aligned = _align_text(scores, words, utterance.id, speech.duration_s)
        out = encoder_outputs(scores, speech.samples)
        alignment = None
        if aligned is not None:
            alignment = aligned.alignment if reference is None else with_omissions(out, aligned.alignment)
        clip = AlignedClip(utterance, speech, reference, out, alignment, list(scores.heard))
        goodness = None if aligned is None else hmm_goodness(out, aligned)
        return self._model.assess(clip, self._name, goodness), scores


def _align_text(
    scores: HmmScores, words: Sequence[Sequence[Sequence[int]]], utterance_id: str, duration_s: float
) -> HmmAlignment:
    try:
        return align_words(scores.states, words)
    except AlignmentError as error:
        phones = sum(min(map(len, variants)) for variants in words)
        raise TextTooLongError.for_clip(utterance_id, phones, duration_s) from error


def _phones(scores: HmmScores) -> tuple[str, ...]:
    return tuple(map(phone_of, scores.heard))
