"""When a warning is given, and what it says."""

import pytest
from support.heard_symbols import loaded_clip, reference

from enunciate.assembly.assembler import assemble
from enunciate.assembly.warnings import (
    CLIPPED_SHARE,
    LOW_LEVEL_BELOW_DBFS,
    NOISY_BELOW_DB,
    audio_warnings,
    no_reference,
    text_mismatch,
    unparsable_answer,
)
from enunciate.schema import ASPECTS


def codes(*words, mismatched=False, warnings=(), **levels):
    clip = loaded_clip(reference(*words) if words else None, **levels)
    found = assemble(
        clip,
        "m",
        scores=dict.fromkeys(ASPECTS),
        used_reference=bool(words),
        scored_by_text=True,
        mismatched=mismatched,
        warnings=warnings,
    )
    return [notice.code for notice in found.warnings]


def test_a_good_recording_of_its_text_has_no_warning():
    assert codes("K AE T") == []


def test_warnings_of_the_audio_come_first_and_those_of_the_text_last():
    own = [unparsable_answer("apa")]
    assert codes(clipped_share=CLIPPED_SHARE, warnings=own) == [
        "clipping",
        "unparsable_answer",
        "no_reference",
    ]
    assert codes("K", mismatched=True, loud_dbfs=LOW_LEVEL_BELOW_DBFS - 1) == ["low_level", "text_mismatch"]


def test_a_level_at_its_threshold_gets_no_warning():
    assert audio_warnings(loaded_clip(None, clipped_share=CLIPPED_SHARE - 1e-6).speech) == []
    assert audio_warnings(loaded_clip(None, loud_dbfs=LOW_LEVEL_BELOW_DBFS).speech) == []
    assert audio_warnings(loaded_clip(None).speech, NOISY_BELOW_DB) == []
    (noisy,) = audio_warnings(loaded_clip(None).speech, NOISY_BELOW_DB - 1)
    assert noisy.code == "noisy" and "quieter place" in noisy.message


@pytest.mark.parametrize("warning", [no_reference, text_mismatch])
def test_the_words_say_what_becomes_of_the_scores(warning):
    assert "the scores" in warning(scored_by_text=True).message
    assert "the scores" not in warning(scored_by_text=False).message


def test_an_answer_that_does_not_parse_is_named_by_its_task():
    assert "scores" in unparsable_answer("apa").message
    assert "words and phones" in unparsable_answer("mdd").message
