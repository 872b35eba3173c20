"""The words of every warning that an assessment can carry, and the levels at which audio gets one."""

from __future__ import annotations

from typing import Literal

from enunciate.audio import Speech
from enunciate.schema import Notice

LOW_LEVEL_BELOW_DBFS = -45.0
"""The level of the loudest 25 ms under which a clip is too quiet."""
NOISY_BELOW_DB = 9.0
"""The estimated signal-to-noise ratio under which scores suffer (`benchmarks/noise_threshold.py`)."""
CLIPPED_SHARE = 0.001
"""The share of samples at full scale from which a clip is clipped."""


def audio_warnings(speech: Speech, snr_db: float | None = None) -> list[Notice]:
    """Return the warnings about the recording itself: clipping, a very low level, and noise."""
    notices: list[Notice] = []
    if speech.clipped_share >= CLIPPED_SHARE:
        notices.append(
            Notice(
                code="clipping",
                message=f"{speech.clipped_share:.1%} of the samples are at full scale: "
                "record again at a lower input level",
            )
        )
    if speech.loud_dbfs < LOW_LEVEL_BELOW_DBFS:
        notices.append(
            Notice(
                code="low_level",
                message=f"the loudest part is at {speech.loud_dbfs:.0f} dBFS: "
                "record again closer to the microphone or at a higher input level",
            )
        )
    if snr_db is not None and snr_db < NOISY_BELOW_DB:
        notices.append(
            Notice(
                code="noisy",
                message=f"the speech is only {snr_db:.0f} dB above the noise: "
                "record again in a quieter place or closer to the microphone",
            )
        )
    return notices


def text_mismatch(*, scored_by_text: bool) -> Notice:
    """Warn that something other than the reference text was said.

    Args:
        scored_by_text: Whether the engine scores the utterance against the text, so that its scores were
            replaced by those that people give to such clips.
    """
    if scored_by_text:
        message = (
            "what was said does not match the text, so the scores are those that people give to such clips. "
            "Check that text and recording belong together; if they do, record again closer to the microphone"
        )
    else:
        message = (
            "what was said does not match the text. Check that text and recording belong together; if they "
            "do, record again closer to the microphone"
        )
    return Notice(code="text_mismatch", message=message)


def no_reference(*, scored_by_text: bool, heard_words: bool = False) -> Notice:
    """Warn that there is no reference text.

    Args:
        scored_by_text: Whether the engine scores the utterance against the text, so that its scores without
            one are less certain.
        heard_words: Whether the engine heard words, against which the phones are judged.
    """
    message = "no text was given: the phones are those heard, without scores"
    if heard_words:
        message = "no text was given: the words are those heard, and phones are judged against them"
    if scored_by_text:
        message += ", and the scores of the whole are less certain"
    return Notice(code="no_reference", message=message)


def one_engine() -> Notice:
    """Warn that the second engine of two has scored nothing of a recording."""
    return Notice(
        code="one_engine",
        message="one of the two engines could not score this recording: the scores are those of the other",
    )


def unparsable_answer(task: Literal["apa", "mdd"]) -> Notice:
    """Warn that a language model's answer to a task is not of the form asked for."""
    asked = "the scores" if task == "apa" else "words and phones"
    return Notice(
        code="unparsable_answer",
        message=f"the model's answer with {asked} could not be read: there are none",
    )
