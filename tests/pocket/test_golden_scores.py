"""What the shipped weights say of the test clips, so that no change of weights or features goes unnoticed.

After an intended change, run this file with `-vv`, check the new values, and write them here.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

import pytest
from support.paths import ASSETS, EXAMPLES

from enunciate import assess

TOLERANCE = 0.1
"""For scores from 0 to 10. ONNX Runtime 1.20 and 1.32 differ by less than 0.02, in a wrong text by 0.06."""

TIES = 1
"""Phones that another processor or release may hear otherwise without text, where two are equally likely."""


@dataclass(frozen=True)
class Golden:
    """A clip with the values of accuracy, fluency, prosodic, total, its words and its heard phones."""

    clip: str
    text: str | None
    scores: tuple[float, float, float, float]
    words: tuple[float, ...]
    heard: str


GOLDEN = (
    Golden(
        "correct.flac",
        "I think the weather is nice today.",
        (9.601, 9.655, 9.042, 9.504),
        (9.545, 8.815, 9.319, 9.331, 9.249, 9.402, 9.436),
        "AY TH IH NG K DH AH W EH DH ER IH Z N AY S T AH D EY",
    ),
    Golden(
        "correct.flac",
        None,
        (9.158, 9.585, 9.354, 9.199),
        (),
        "AY TH IH NG K DH AH W AH DH ER IH Z N AY S T AH D EY",
    ),
    Golden(
        "mispronounced.flac",
        "The friend has three red balloons.",
        (9.14, 9.408, 9.444, 9.093),
        (9.322, 9.279, 9.153, 9.05, 8.995, 8.982),
        "DH AH F R EH N D HH AE Z TH R IY R EH D B AH L UW N Z",
    ),
    Golden(
        "mispronounced.flac",
        None,
        (8.332, 9.226, 9.038, 9.059),
        (),
        "DH AH F R EH N D HH AE Z S R IY R EH T P AH L UW N Z",
    ),
    Golden(
        "i_think_the_weather_is_nice.flac",
        "I think the weather is nice today.",
        (5.644, 9.534, 8.994, 6.557),
        (9.401, 7.996, 8.802, 8.899, 8.989, 5.373, 9.174),
        "AY TH IH NG K DH AH W EH DH ER IH Z L AY S T AH D EY",
    ),
    Golden(
        "i_think_the_weather_is_nice.flac",
        None,
        (8.943, 9.533, 9.367, 9.301),
        (),
        "AY TH IH NG K DH AH AH DH ER IH Z L AY S T AH D EY",
    ),
    Golden(
        "wrong_text.flac",
        "I think the weather is nice today.",
        (3.333, 0.778, 0.667, 0.778),
        (8.687, 0.0, 3.846, 4.538, 3.329, 4.275, 6.31),
        "AY - - - - B R R EH DH ER AH AA N - S T AH D EY",
    ),
    Golden(
        "wrong_text.flac",
        None,
        (8.039, 9.228, 9.173, 9.374),
        (),
        "M AY B R AH DH ER P L EY Z DH AH P AE N OW AA N S AH N D EY M AO R N IH NG",
    ),
)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"{golden.clip}, {golden.text}")
def test_the_shipped_weights_give_the_golden_scores(golden: Golden) -> None:
    folder = EXAMPLES if (EXAMPLES / golden.clip).is_file() else ASSETS
    assessment = assess(folder / golden.clip, golden.text)
    scores = (assessment.accuracy, assessment.fluency, assessment.prosodic, assessment.total)
    assert [score.value for score in scores if score] == pytest.approx(golden.scores, abs=TOLERANCE)
    assert [word.score.value for word in assessment.words] == pytest.approx(golden.words, abs=TOLERANCE)
    heard = [phone.heard or "-" for phone in assessment.phones]
    assert n_other(heard, golden.heard.split()) <= (0 if golden.text else TIES), " ".join(heard)


def n_other(heard: list[str], expected: list[str]) -> int:
    """The phones of the longer sequence that are not, in this order, in both."""
    both = sum(block.size for block in SequenceMatcher(None, heard, expected).get_matching_blocks())
    return max(len(heard), len(expected)) - both
