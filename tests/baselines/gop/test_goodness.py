"""Goodness of pronunciation in its three forms, against values worked out by hand."""

import numpy as np
import pytest
from support.baseline_runs import alignment, outputs_of

from enunciate.baselines.gop.ctc_gop import ctc_gop
from enunciate.baselines.gop.goodness import goodness_of
from enunciate.baselines.phone_posteriors import FLOOR
from enunciate.pocket.symbols import CLASS_OF_PHONE, N_CLASSES, SILENCE

S, IY = CLASS_OF_PHONE["S"], CLASS_OF_PHONE["IY"]


def outputs(frames):
    """Make log-probabilities of frames from {class: probability}; the other classes share the rest evenly."""
    log_probs = np.empty((len(frames), N_CLASSES), np.float32)
    for row, given in zip(log_probs, frames, strict=True):
        row[:] = np.log((1 - sum(given.values())) / (N_CLASSES - len(given)))
        row[list(given)] = np.log(list(given.values()))
    return outputs_of(log_probs)


def test_posterior_and_ratio_are_means_over_the_frames_of_a_phone():
    """S has 0.8 and 0.4 of its two frames and IY is its best rival; silence is no rival."""
    out = outputs([{S: 0.8, IY: 0.1}, {S: 0.4, IY: 0.2, SILENCE: 0.3}, {IY: 0.9, SILENCE: 0.05}])
    goodness = goodness_of(out, alignment([S, IY], [(0, 2), (2, 3)], [0, 0]))

    own = (np.log(0.8) + np.log(0.4)) / 2
    assert goodness.phones[0, 0] == pytest.approx(own, abs=1e-6)
    assert goodness.phones[0, 1] == pytest.approx(own - (np.log(0.1) + np.log(0.2)) / 2, abs=1e-6)
    assert goodness.phones[1, 1] == pytest.approx(np.log(0.9) - np.log(0.05 / 38), abs=1e-5)
    np.testing.assert_allclose(goodness.phones[:, 2], ctc_gop(out.ctc, np.array([S, IY])))


def test_evidence_is_chosen_by_name_and_pooled():
    goodness = goodness_of(outputs([{S: 0.8}, {IY: 0.5}]), alignment([S, IY], [(0, 1), (1, 2)], [0, 0]))

    np.testing.assert_array_equal(goodness.select(("ctc", "posterior")), goodness.phones[:, [2, 0]])
    pooled = goodness.pooled(("posterior",))
    both = np.log([0.8, 0.5])
    assert pooled[:3] == pytest.approx([both.mean(), both.std(), np.quantile(both, 0.25)], abs=1e-6)
    np.testing.assert_array_equal(pooled[3:], goodness.rates)


def test_phones_that_the_frames_cannot_hold_get_the_floor():
    """Three phones in two frames."""
    goodness = goodness_of(outputs([{S: 0.8}, {S: 0.8}]), alignment([S, S], [(0, 1), (1, 2)], [0, 0]))

    assert (goodness.phones[:, 2] == FLOOR).all()
