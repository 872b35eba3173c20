"""Which first tokens prompts share: those before the audio, where they are many and the same for all."""

import pytest

from enunciate.speech_lm.decoding.shared_prefixes import LEAST_SHARED, prefix_length

AUDIO = 9
LONG = [*range(10, 10 + LEAST_SHARED)]


def test_what_stands_before_the_audio_is_shared_however_long_the_audio_is():
    assert prefix_length([[*LONG, AUDIO, 1], [*LONG, AUDIO, AUDIO, AUDIO, 2]], AUDIO) == LEAST_SHARED


@pytest.mark.parametrize(
    "prompts",
    [
        pytest.param([[*LONG[1:], AUDIO, 1]] * 2, id="too few tokens"),
        pytest.param([[*LONG, AUDIO], [*LONG[:-1], 5, AUDIO]], id="not the same"),
        pytest.param([[*LONG, AUDIO], [*LONG[:-1], AUDIO]], id="not equally many"),
    ],
)
def test_nothing_else_is(prompts):
    assert prefix_length(prompts, AUDIO) == 0


def test_where_every_token_hears_the_clip_nothing_can_be_shared():
    assert prefix_length([[*LONG, AUDIO]] * 2, None) == 0
