"""The engine of `gopt` on chords, where people scored one word of each text badly whatever its phones."""

import numpy as np
import pytest
from support.baseline_runs import BAD_WORD, clip_of

from enunciate.engines import load_assessor


@pytest.mark.slow
def test_word_scores_are_learnt_where_people_gave_them(gopt, chords):
    words = ("SEE", "ME", "SOCK", "MOO")
    (assessment,) = load_assessor(gopt[0]).assess([clip_of(words, text=" ".join(words).lower())])

    values = [word.score.value for word in assessment.words]
    assert int(np.argmin(values)) == BAD_WORD and values[BAD_WORD] < 5 < values[0]
    assert all(word.score.low <= word.score.value <= word.score.high for word in assessment.words)
