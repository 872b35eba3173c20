"""Whether a clip holds speech at all, and whether it holds the reference text.

Both look at what the encoder hears without the text. `benchmarks/text_mismatch.py` shows how often the first
warns for the right text and for a wrong one.
"""

from __future__ import annotations

import numpy as np

from enunciate.phones.alignment import edit_distance
from enunciate.pocket.acoustic_model import FRAME_S, Outputs
from enunciate.pocket.ctc import greedy
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.symbols import BLANK, SILENCE

MISMATCH_PER = 0.75
"""Something other than the text was said where the phones heard differ from it by this error rate."""
LEAST_SPEECH_S = 0.1
"""As long as a short word, such as "a"."""
CONFIDENT = 0.5
"""The mean probability of the phones heard under which they are no speech."""


def mismatched(outputs: Outputs, alignment: Alignment) -> bool:
    """Whether something other than the text was said."""
    heard = greedy(outputs.ctc)
    return edit_distance(alignment.classes.tolist(), heard) / len(alignment.classes) >= MISMATCH_PER


def has_speech(outputs: Outputs) -> bool:
    """Whether somebody speaks: there are frames with phones, and the encoder is sure of what it hears."""
    speech_s = float((outputs.frame[:, SILENCE] < np.log(0.5)).sum()) * FRAME_S
    best = outputs.ctc.max(axis=1)[outputs.ctc.argmax(axis=1) != BLANK]
    return speech_s >= LEAST_SPEECH_S and len(best) > 0 and float(np.exp(best).mean()) >= CONFIDENT
