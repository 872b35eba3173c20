"""The four scores of one clip, each as a distribution over 0 to 10 that hangs on no other score.

An answer names the scores one after the other, and the model predicts each given those before it. After the
most likely numbers alone the last score would be all but settled by them, so several beginnings of the answer
are followed at once, and each distribution is the sum over them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enunciate.schema import Aspect
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.decoding.slots import Floats, Slot, Tokens
from enunciate.speech_lm.targets import ApaAnswer, render
from enunciate.speech_lm.whisper_onnx.model import TokenSequences

SCORE_PATHS = 16
"""Beginnings of an answer that are followed."""


def decode_scores(
    sequences: TokenSequences, prompt: Sequence[int], slots: Sequence[Slot], paths: int = SCORE_PATHS
) -> DecodedAnswer:
    """Fill the slots in order: one forward pass each, and one more if a number has two tokens.

    The answer has the most likely number of each distribution.

    Args:
        sequences: One empty sequence about the clip.
        prompt: The tokens of the prompt.
        slots: The slots of an answer.
        paths: How many beginnings of an answer are followed; the most probable are kept.
    """
    distributions: dict[Aspect, Floats] = {}
    weights = np.ones(1)
    sequences.feed([[*prompt, *slots[0].before]])
    for index, slot in enumerate(slots):
        joint = weights[:, None] * slot.distributions(_logits_at(sequences, slot, len(weights)))
        total = joint.sum(axis=0)
        distributions[slot.aspect] = total / total.sum()
        if index + 1 < len(slots):
            kept = np.argsort(-joint, axis=None, kind="stable")[:paths]
            parents, numbers = np.unravel_index(kept, joint.shape)
            weights = joint[parents, numbers] / joint[parents, numbers].sum()
            sequences.select(parents.tolist())
            following = slots[index + 1].before
            sequences.feed([[*slot.values[int(number)], *following] for number in numbers])
    likely = {aspect: int(distribution.argmax()) for aspect, distribution in distributions.items()}
    answer = ApaAnswer.model_validate(likely)
    return DecodedAnswer(answer, render(answer), distributions)


def _logits_at(sequences: TokenSequences, slot: Slot, n_rows: int) -> dict[Tokens, Floats]:
    """Return the logits at each choice within a number; each choice after its first token costs a pass."""
    logits: dict[Tokens, Floats] = {}
    for prefix, tokens in slot.choices.items():
        if prefix:
            sequences.feed([prefix] * n_rows)
        logits[prefix] = sequences.logits_of(tokens)
        if prefix:
            sequences.truncate(len(prefix))
    return logits
