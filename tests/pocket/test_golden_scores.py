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
    """A clip with the values of accuracy, fluency, prosodic, total, its words and its heard phones.

    Where a text that was not read is aligned hangs on rounding, so words and phones are then None.
    """

    clip: str
    text: str | None
    scores: tuple[float, float, float, float]
    words: tuple[float, ...] | None
    heard: str | None


GOLDEN = (
    Golden(
        "correct.flac",
        "I think the weather is nice today.",
        (9.364, 9.421, 9.033, 9.152),
        (9.539, 8.869, 9.225, 9.283, 9.323, 9.337, 9.286),
        "AY TH IH NG K DH AH W EH DH ER IH Z N AY S T AH D EY",
    ),
    Golden(
        "correct.flac",
        None,
        (8.951, 9.375, 9.186, 9.119),
        (),
        "AY TH IH NG DH AH W EH DH ER IH Z N AY S T AH D EY",
    ),
    Golden(
        "mispronounced.flac",
        "The friend has three red balloons.",
        (9.222, 9.491, 9.402, 9.101),
        (9.257, 9.265, 9.223, 7.0, 7.0, 7.0),
        "DH AH F R EH N D HH AE Z S R IY R EH T P AH L UW N Z",
    ),
    Golden(
        "mispronounced.flac",
        None,
        (9.101, 9.41, 9.383, 9.357),
        (),
        "DH AH F R EH N D HH AE Z S R IY R EH T P AH L UW N Z",
    ),
    Golden(
        "i_think_the_weather_is_nice.flac",
        "I think the weather is nice today.",
        (8.368, 9.366, 8.89, 8.213),
        (9.537, 8.419, 9.056, 9.23, 9.275, 5.692, 9.237),
        "AY TH IH NG K DH AH W EH DH ER IH Z L AY S T AH D EY",
    ),
    Golden(
        "i_think_the_weather_is_nice.flac",
        None,
        (8.814, 9.393, 9.282, 9.103),
        (),
        "AY TH IH NG DH AH W EH DH ER IH Z L AY S T AH D EY",
    ),
    Golden(
        "wrong_text.flac",
        "I think the weather is nice today.",
        (3.429, 2.171, 1.929, 1.611),
        None,
        None,
    ),
    Golden(
        "wrong_text.flac",
        None,
        (9.221, 9.494, 9.5, 9.466),
        (),
        "M AY B R AH DH ER P L EY Z DH AH P IY AE N OW AA N S AH N D EY M AO R N IH NG",
    ),
)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"{golden.clip}, {golden.text}")
def test_the_shipped_weights_give_the_golden_scores(golden: Golden) -> None:
    folder = EXAMPLES if (EXAMPLES / golden.clip).is_file() else ASSETS
    assessment = assess(folder / golden.clip, golden.text)
    scores = (assessment.accuracy, assessment.fluency, assessment.prosodic, assessment.total)
    assert [score.value for score in scores if score] == pytest.approx(golden.scores, abs=TOLERANCE)
    if golden.words is None or golden.heard is None:
        return
    assert [word.score.value for word in assessment.words] == pytest.approx(golden.words, abs=TOLERANCE)
    heard = [phone.heard or "-" for phone in assessment.phones]
    assert n_other(heard, golden.heard.split()) <= (0 if golden.text else TIES), " ".join(heard)


def n_other(heard: list[str], expected: list[str]) -> int:
    """The phones of the longer sequence that are not, in this order, in both."""
    both = sum(block.size for block in SequenceMatcher(None, heard, expected).get_matching_blocks())
    return max(len(heard), len(expected)) - both
