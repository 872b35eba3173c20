"""What the shipped weights say of the test clips, so that no change of weights or features goes unnoticed.

After an intended change, run this file with `-vv`, check the new values, and write them here.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from support.paths import ASSETS, EXAMPLES

from enunciate import assess

TOLERANCE = 0.05
"""Of a score from 0 to 10. Processors and releases of ONNX Runtime differ by less than 0.005."""


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
        (9.212, 9.391, 9.169, 8.941),
        (10.0, 9.923, 9.97, 9.949, 9.975, 10.0, 10.0),
        "AY TH IH NG K DH AH W EH DH ER IH Z N AY S T AH D EY",
    ),
    Golden(
        "correct.flac",
        None,
        (9.191, 9.294, 9.004, 8.818),
        (),
        "AY TH IH NG K DH AH W EH DH ER IH Z N AY S T AH D EY",
    ),
    Golden(
        "mispronounced.flac",
        "The friend has three red balloons.",
        (8.922, 9.213, 9.008, 8.548),
        (10.0, 10.0, 9.701, 8.796, 9.663, 9.91),
        "DH AH F R EH N D HH AE Z TH R IY R EH D B AH L UW N Z",
    ),
    Golden(
        "mispronounced.flac",
        None,
        (9.041, 9.286, 8.977, 8.657),
        (),
        "DH AH F R EH N D HH AE Z S R IY R EH T P AH L UW N Z",
    ),
    Golden(
        "wrong_text.flac",
        "I think the weather is nice today.",
        (3.333, 0.778, 0.667, 0.778),
        (8.135, 0.0, 3.255, 0.0, 2.589, 4.589, 5.11),
        "AY D B R R ER ER L EY EY EY EY DH AE S S S AA N M",
    ),
    Golden(
        "wrong_text.flac",
        None,
        (8.825, 9.024, 8.701, 8.485),
        (),
        "M AY B R AH DH ER P L EY Z DH AH P IY AE N AH AA N S AH N D EY M AO R N IH NG",
    ),
    Golden(
        "i_think_the_weather_is_nice.flac",
        "I think the weather is nice today.",
        (8.9, 9.3, 9.1, 8.652),
        (10.0, 9.9, 9.8, 9.9, 10.0, 7.7, 10.0),
        "AY TH IH NG K DH AH W EH DH ER IH Z L AY S T AH D EY",
    ),
)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"{golden.clip}, {golden.text}")
def test_the_shipped_weights_give_the_golden_scores(golden: Golden) -> None:
    folder = EXAMPLES if (EXAMPLES / golden.clip).is_file() else ASSETS
    assessment = assess(folder / golden.clip, golden.text)
    scores = (assessment.accuracy, assessment.fluency, assessment.prosodic, assessment.total)
    assert [score.value for score in scores if score] == pytest.approx(golden.scores, abs=TOLERANCE)
    assert [word.score.value for word in assessment.words] == pytest.approx(golden.words, abs=TOLERANCE)
    assert " ".join(phone.heard or "-" for phone in assessment.phones) == golden.heard
