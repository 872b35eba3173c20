"""Shares of a list of clips."""

from pathlib import Path

import pytest

from enunciate.clip_lists import Shard
from enunciate.errors import ManifestError
from enunciate.schema import Utterance

CLIPS = [Utterance(id=f"é{n}", audio=Path(f"{n}.wav")) for n in range(2_000)]
FIRST_QUARTER = ["é3", "é7", "é10", "é12", "é14"]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_every_clip_is_in_exactly_one_share_of_about_equal_size(count: int) -> None:
    shares = [Shard(number, count).of(CLIPS) for number in range(1, count + 1)]
    assert sorted(clip.id for share in shares for clip in share) == sorted(clip.id for clip in CLIPS)
    assert all(abs(len(share) - 2_000 / count) < 120 for share in shares)


def test_a_share_keeps_its_clips_when_the_list_grows_or_is_sorted() -> None:
    share = {clip.id for clip in Shard(2, 3).of(CLIPS[:1_000])}
    assert share <= {clip.id for clip in Shard(2, 3).of(CLIPS[::-1])}


def test_a_share_is_the_same_on_every_machine() -> None:
    assert [clip.id for clip in Shard(1, 4).of(CLIPS[:16])] == FIRST_QUARTER


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "-1/2", "1/2/3", ""])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ManifestError, match="from 1/8 to 8/8"):
        Shard.parse(text)
    assert Shard.parse("2/8") == Shard(2, 8)
