"""The prefix that the prompts of all clips share: it is fed once, and its keys and values are reused.

The tokens before the audio of a prompt do not depend on the clip, and neither do their keys and values.
With the instruction before the audio (`PromptConfig.instruction`) they are most of a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from enunciate.speech_lm.decoding.continuation import Continuation
from enunciate.speech_lm.families.speech_model import Heard

LEAST_SHARED = 32
"""A prefix of fewer tokens costs less to compute again than to keep apart."""

Prompts = Sequence[list[int]]
Start = Callable[[Heard, str], Continuation]
"""Starts an empty sequence for each clip, for a purpose; see `StaticContinuation`."""


def prefix_length(prompts: Prompts, audio_token_id: int | None) -> int:
    """Return the number of leading tokens that prompts share before their audio; 0 if there are too few.

    Args:
        prompts: The prompts of one task.
        audio_token_id: The placeholder token for audio; None where every token attends to the clip, so that
            nothing can be shared.
    """
    if audio_token_id is None:
        return 0
    first = prompts[0]
    length = first.index(audio_token_id)
    shared = length >= LEAST_SHARED and all(prompt[:length] == first[:length] for prompt in prompts)
    return length if shared else 0


class SharedPrefixes:
    """The prefixes of one model's prompts with their keys and values."""

    def __init__(self, start: Start, audio_token_id: int | None) -> None:
        """Begin without prefixes.

        Args:
            start: Starts sequences.
            audio_token_id: As in `prefix_length`.
        """
        self._start, self._audio_token_id = start, audio_token_id
        self._kept: dict[tuple[tuple[int, ...], ...], Continuation] = {}

    def begin(
        self, heard: Heard, kinds: Sequence[Prompts], purpose: str = "rows"
    ) -> tuple[Continuation, list[list[list[int]]]]:
        """Start a sequence for each prompt of each kind, and feed the shared prefixes.

        Args:
            heard: C clips.
            kinds: The C prompts of each kind.
            purpose: Name of the use that the sequences are for.

        Returns:
            The sequences, in the order of the kinds, and the remaining tokens of each prompt.
        """
        rows = torch.arange(len(heard.n_tokens), device=heard.n_tokens.device).repeat(len(kinds))
        heard = heard.of(rows) if len(kinds) > 1 else heard
        lengths = [prefix_length(prompts, self._audio_token_id) for prompts in kinds]
        if not all(lengths):
            return self._start(heard, purpose), [[*prompts] for prompts in kinds]
        rests = [[p[length:] for p in prompts] for prompts, length in zip(kinds, lengths, strict=True)]
        prefixes = [prompts[0][:length] for prompts, length in zip(kinds, lengths, strict=True)]
        key = tuple(map(tuple, prefixes))
        if key not in self._kept:
            any_clip = torch.zeros(len(kinds), dtype=torch.long, device=rows.device)  # prefixes have no audio
            self._kept[key] = self._start(heard.of(any_clip), purpose)
            self._kept[key].feed(prefixes)
        kind_of_row = [kind for kind, prompts in enumerate(kinds) for _ in prompts]
        return self._kept[key].branch(heard, kind_of_row, purpose), rests
