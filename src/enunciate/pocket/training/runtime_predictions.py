"""Predictions of a finished engine for clips with a text, as its runtime computes them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.errors import EnunciateError
from enunciate.pocket.ctc import greedy
from enunciate.pocket.listener import AlignedClip, Listener
from enunciate.pocket.phrase_scorer import PhraseScorer
from enunciate.pocket.phrases import cut_phrases
from enunciate.pocket.scorer import Scorers, whole_scores
from enunciate.pocket.training.predictions import ClipPrediction
from enunciate.schema import Utterance

_log = logging.getLogger(__name__)


def predict_utterances(engine: Path, utterances: Sequence[Utterance]) -> list[ClipPrediction]:
    """Predict clips, in the order given; those that cannot be aligned are left out, and logged.

    Args:
        engine: The folder of the engine.
        utterances: Clips with their words or texts.
    """
    if not utterances:
        return []
    listener = Listener(engine)
    scorer = PhraseScorer(listener, Scorers(engine))
    predictions: list[ClipPrediction] = []
    for utterance in utterances:
        try:
            predictions.append(_predict(listener.listen(utterance), scorer))
        except EnunciateError as error:
            _log.warning("%s is left out: %s", utterance.id, error)
    return predictions


def _predict(clip: AlignedClip, scorer: PhraseScorer) -> ClipPrediction:
    alignment = clip.alignment
    assert alignment is not None
    phrases = cut_phrases(alignment, clip.ends_phrase)
    both = [scorer.score_both_ways(clip, phrase) for phrase in phrases]
    scored, free = zip(*both, strict=True)
    return ClipPrediction(
        id=clip.utterance.id,
        phone=_joined([one.phone for one in scored]),
        wrong=_joined([one.wrong for one in scored]),
        word=_joined([one.word for one in scored]),
        whole=whole_scores([one.utterance for one in scored], phrases, 0.0).astype(np.float32),
        free=whole_scores([one.utterance for one in free], phrases, 0.0).astype(np.float32),
        heard=tuple(greedy(clip.outputs.ctc)),
        start=alignment.start.astype(np.float32),
        end=alignment.end.astype(np.float32),
    )


def _joined(arrays: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float32]:
    return np.concatenate(arrays).astype(np.float32)
