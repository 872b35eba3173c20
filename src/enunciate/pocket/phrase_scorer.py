"""Scores of one phrase of a reading, heard as a clip of its own.

The encoder's streams change with what stands around a phrase: silence at the edges of a recording, a pause,
other sentences. The scorers learnt from clips of one sentence. So a phrase that is not nearly the whole
recording is encoded again without its surroundings, and the scores of a sentence do not depend on them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from enunciate.pocket.acoustic_model import FRAME_S, WINDOW, Outputs
from enunciate.pocket.aspects import FLUENCY
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.listener import AlignedClip, Listener
from enunciate.pocket.phrases import Phrase
from enunciate.pocket.scorer import ScorerOutputs, Scorers

EDGE = 25
"""Frames of 20 ms that are left before and after a phrase, about as many as in the clips learnt from."""
FASTEST_NATURAL = 15.5
"""Phones per second of articulation. Audio books and careful speakers have 8 to 13."""
HASTE_LOSS, LARGEST_HASTE_LOSS = 0.4, 3.0
"""What each phone per second beyond takes of fluency, and the most that haste takes."""


class PhraseScorer:
    """Scores the phrases of aligned clips, on the scale of the scorers."""

    def __init__(self, listener: Listener, scorers: Scorers) -> None:
        self._listener, self._scorers = listener, scorers

    def score(self, clip: AlignedClip, phrase: Phrase) -> ScorerOutputs:
        """Score a phrase of a clip in which phones were aligned, with its text or without one."""
        outputs, begin = self._heard_alone(clip, phrase)
        return self._score(clip, phrase, outputs, begin)

    def score_both_ways(self, clip: AlignedClip, phrase: Phrase) -> tuple[ScorerOutputs, ScorerOutputs]:
        """Score a phrase of a clip with its text, and as without one, for one run of the encoder."""
        outputs, begin = self._heard_alone(clip, phrase)
        untold = replace(clip, reference=None)
        return self._score(clip, phrase, outputs, begin), self._score(untold, phrase, outputs, begin)

    def _score(self, clip: AlignedClip, phrase: Phrase, outputs: Outputs, begin: int) -> ScorerOutputs:
        """Score a phrase from its outputs, which begin with the frame `begin` of the clip."""
        assert clip.alignment is not None
        if clip.reference is None:
            scores = self._scorers.score_without_reference(outputs, phrase, begin)
        else:
            scores = self._scorers.score(outputs, clip.alignment, clip.stress, phrase, begin)
        utterance = scores.utterance.copy()
        utterance[FLUENCY] = max(0.0, utterance[FLUENCY] - haste_loss(clip.alignment, phrase))
        return replace(scores, utterance=utterance)

    def _heard_alone(self, clip: AlignedClip, phrase: Phrase) -> tuple[Outputs, int]:
        """Return the outputs of a phrase, and the frame of the clip with which they begin."""
        n_frames = len(clip.outputs.ctc)
        start, end = stretch_of(phrase.start, phrase.end, n_frames)
        if (start, end) == (0, n_frames) or end - start > WINDOW:
            return clip.outputs, 0
        return self._listener.encode_alone(clip, start, end), start


def stretch_of(start: int, end: int, length: int, edge: int = EDGE) -> tuple[int, int]:
    """Return the stretch from which a phrase is heard: all of a clip with usual silences about the phrase.

    Args:
        start: Where the phrase begins, in frames or any other unit.
        end: Where it ends.
        length: The length of the clip.
        edge: What is left before and after a phrase.
    """
    start, end = start - edge, end + edge
    if max(start, length - end) < edge:
        return 0, length
    return max(0, start), min(length, end)


def haste_loss(alignment: Alignment, phrase: Phrase) -> float:
    """Return what a phrase loses of fluency because it is said faster than people speak.

    The corpus has no such reading, so a rule says what the scorers cannot have learnt.
    """
    inside = slice(phrase.first, phrase.last)
    spoken_s = float(np.sum(alignment.end[inside] - alignment.start[inside])) * FRAME_S
    excess = phrase.n_phones / max(spoken_s, FRAME_S) - FASTEST_NATURAL
    return min(LARGEST_HASTE_LOSS, HASTE_LOSS * max(0.0, excess))
