"""The answers to APA: the scores of a model that was trained in one way or the other, as `DecodedAnswer`s."""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.speech_lm.decoding.combined_total import combine_totals
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.decoding.scores import GrowingSequences, decode_scores, decode_scores_apart
from enunciate.speech_lm.decoding.slots import Slot
from enunciate.speech_lm.options import TargetConfig
from enunciate.speech_lm.targets import render


def answer_with_scores(
    sequences: GrowingSequences,
    prompts: Sequence[list[int]],
    slots: Sequence[Slot],
    target: TargetConfig,
    *,
    paths: int,
    blank_id: int,
) -> list[DecodedAnswer]:
    """Return the answer about each clip.

    Args:
        sequences: Empty sequences, one for each clip.
        prompts: The prompt of each clip.
        slots: The slots of an answer.
        target: What the model was trained to answer.
        paths: How many beginnings of an answer are followed, where the model sees the scores before.
        blank_id: The token that it sees in place of them, where it does not.
    """
    if target.scores == "apart":
        scored = decode_scores_apart(sequences, prompts, slots, blank_id)
    else:
        scored = decode_scores(sequences, prompts, slots, paths)
    combined = combine_totals([one.distributions for one in scored], target.total_weights)
    return [
        DecodedAnswer(one.answer, render(one.answer), distributions)
        for one, distributions in zip(scored, combined, strict=True)
    ]
