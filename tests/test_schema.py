"""JSON has as many decimals as a value means; Python keeps all of them."""

import json

from support.paths import ASSETS

from enunciate import assess
from enunciate.schema import Assessment, Pause, PhoneQuality, Rates, Score

THIRD = 1 / 3


def test_each_kind_of_number_has_its_decimals():
    assert json.loads(Score(value=20 / 3, low=THIRD, high=29 / 3).model_dump_json(exclude_none=True)) == {
        "value": 6.67,
        "low": 0.33,
        "high": 9.67,
    }
    assert json.loads(PhoneQuality(value=THIRD, low=0, high=5 / 3).model_dump_json())["high"] == 1.67
    assert json.loads(Pause(start_s=THIRD, end_s=20 / 3).model_dump_json()) == {
        "start_s": 0.333,
        "end_s": 6.667,
    }
    rates = Rates(phones_per_s=THIRD, words_per_s=None, articulation_phones_per_s=20 / 3)
    assert json.loads(rates.model_dump_json()) == {
        "phones_per_s": 0.33,
        "words_per_s": None,
        "articulation_phones_per_s": 6.67,
    }


def test_python_keeps_all_decimals():
    score = Score(value=20 / 3, low=THIRD, high=9)
    assert score.value == 20 / 3
    assert score.model_dump()["low"] == THIRD


def test_an_assessment_in_json_is_read_and_written_unchanged():
    found = assess(ASSETS / "correct.flac", "I think the weather is nice today.")
    written = found.model_dump_json()
    assert Assessment.model_validate_json(written).model_dump_json() == written
    assert json.loads(written)["snr_db"] == round(found.snr_db, 1)
    assert len(json.dumps(json.loads(written)["words"][0]["phones"][0]["heard_probability"])) <= len("0.123")
