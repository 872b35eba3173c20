"""`gop-hmm`: goodness of pronunciation from an HMM-GMM recogniser, under the same regressions as `gop`.

It needs no encoder and no torch. Without a text it hears with pocketsphinx's own phone recognition.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

from enunciate import audio
from enunciate.assembly.clip import load_clip
from enunciate.baselines.assessor import FolderEngine, scored_result
from enunciate.baselines.gop.assessor import load_gop
from enunciate.baselines.gop.goodness import Goodness
from enunciate.baselines.listening import LabelledClip, labels_of, word_labels_of
from enunciate.baselines.pocketsphinx.acoustics import HmmAcoustics, HmmScores
from enunciate.baselines.pocketsphinx.goodness import (
    HmmFit,
    fit_heard,
    fit_words,
    hmm_goodness,
    outputs,
    spread,
)
from enunciate.errors import TextTooLongError
from enunciate.phones import Lexicon
from enunciate.pocket.forced_alignment import AlignmentError, LogProbs
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.symbols import SILENCE, classes_of, phone_of
from enunciate.schema import Assessment, Utterance


class HmmGopAssessor(FolderEngine):
    """The engine; see `enunciate.engines.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None) -> None:
        super().__init__(folder)
        self._model = load_gop(folder)
        self._acoustics = HmmAcoustics()
        self._lexicon = Lexicon.default(lexicon)

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            AudioError: a clip cannot be used.
            TextError: a text cannot be turned into phones, or has too many for its clip.
        """
        return [self._assess(utterance)[0] for utterance in utterances]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """The phones heard, without looking at the reference text."""
        return [_phones(self._acoustics(audio.load(utterance.audio).samples)) for utterance in utterances]

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> list[tuple[Assessment, tuple[str, ...]]]:
        """Both, for one pass of the decoder."""
        both = (self._assess(utterance) for utterance in utterances)
        return [(assessment, _phones(scores)) for assessment, scores in both]

    def _assess(self, utterance: Utterance) -> tuple[Assessment, HmmScores]:
        loaded = load_clip(utterance, self._lexicon)
        speech, reference = loaded.speech, loaded.reference
        scores = self._acoustics(speech.samples)
        if reference is None:
            fit = fit_heard(scores)
        else:
            words = [[classes_of(phones) for phones in word] for word in reference.variants]
            fit = _fit_text(scores, words, utterance.id, speech.duration_s)
        out = outputs(scores, speech.samples)
        clip = AlignedClip(utterance, speech, reference, out, fit.found if fit else None)
        regressions, seen = self._model.regressions, hmm_goodness(out, fit) if fit else None
        assessment = scored_result(
            clip,
            self._name,
            self._model.calibration,
            lambda _out, _found: regressions.scores(_there(seen)),
            lambda _out, _found: regressions.free_scores(_there(seen)),
        )
        return assessment, scores


def _there(seen: Goodness | None) -> Goodness:
    assert seen is not None, "it is asked for where phones were found"
    return seen


def _fit_text(
    scores: HmmScores, words: Sequence[Sequence[Sequence[int]]], utterance_id: str, duration_s: float
) -> HmmFit:
    try:
        return fit_words(scores.states, words)
    except AlignmentError as error:
        phones = sum(min(map(len, variants)) for variants in words)
        raise TextTooLongError(
            f"{utterance_id}: the text has {phones} phones, too many for a clip of {duration_s:.1f} s: give "
            "the text of this clip alone, or a longer recording"
        ) from error


def _phones(scores: HmmScores) -> tuple[str, ...]:
    return tuple(map(phone_of, scores.heard))


# ---------------------------------------------------------------------------------------------- training


def hmm_clips(utterances: Sequence[Utterance], workers: int) -> tuple[list[LabelledClip[Goodness]], int]:
    """Hear labelled utterances; also how many have a text that no alignment can hold.

    Those are learnt from all the same, with the worst goodness for each phone (`spread`).
    """
    with ProcessPoolExecutor(workers) as pool:
        found = list(pool.map(_hmm_clip, utterances, chunksize=16))
    return [clip for clip, _ in found], sum(failed for _, failed in found)


@lru_cache(maxsize=1)
def _acoustics() -> HmmAcoustics:
    return HmmAcoustics()


def _hmm_clip(utterance: Utterance) -> tuple[LabelledClip[Goodness], bool]:
    samples = audio.load(utterance.audio).samples
    scores = _acoustics()(samples)
    out = outputs(scores, samples)
    words = [[classes_of(word.phones)] for word in utterance.words or ()]
    failed = False
    try:
        fit = fit_words(scores.states, words)
    except AlignmentError:
        failed, fit = True, spread(len(out.frame), words)
    heard = fit_heard(scores) or spread(len(out.frame), [[[_likeliest(out.frame)]]])
    phone_scores, human = labels_of(utterance)
    read, free = hmm_goodness(out, fit), hmm_goodness(out, heard)
    return LabelledClip(
        read, free, phone_scores, human, fit.found.word, word_labels_of(utterance), mismatched=False
    ), failed


def _likeliest(log_probs: LogProbs) -> int:
    """The phone that fits some frame best: a system without text needs one to learn from."""
    return int(log_probs[:, SILENCE + 1 :].max(axis=0).argmax()) + SILENCE + 1
