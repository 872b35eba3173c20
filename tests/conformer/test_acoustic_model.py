"""The windows in which a long clip is encoded; that they agree with one pass is shown beside the export."""

from itertools import pairwise

from enunciate.conformer.acoustic_model import MARGIN, WINDOW, windows
from enunciate.conformer.fbank import SUBSAMPLING


def test_windows_keep_each_frame_once():
    for n_frames in range(1, 7_001):
        spans = windows(n_frames)
        kept = [(start, end) for _, start, end, _ in spans]
        assert kept[0][0] == 0 and kept[-1][1] == n_frames
        assert all(a[1] == b[0] for a, b in pairwise(kept)), n_frames
        for first, start, end, last in spans:
            assert 0 <= first <= start < end <= last <= n_frames
            assert last - first <= WINDOW
            assert first % SUBSAMPLING == start % SUBSAMPLING == 0
            assert start == 0 or start - first >= MARGIN
            assert end == n_frames or (last - end >= MARGIN and end % SUBSAMPLING == 0)


def test_windows_have_real_context():
    """The last window is not a sliver: what it keeps has frames to its left that were computed with it."""
    assert all(last - first > 2 * MARGIN for n in range(1_501, 7_001) for first, *_, last in windows(n))
