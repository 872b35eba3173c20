"""Whisper's own transcription: what was said, as ordinary text, by the decoder without adapter."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from enunciate.speech_lm.whisper_onnx.model import Decoder, Floats, TokenSequences
from enunciate.speech_lm.whisper_onnx.tokens import WhisperTokens

_TEXT = re.compile(rb" ?(?:[A-Za-z']+|[0-9]+|[.,?!:;$%&-])")
"""Tokens of English text; others, such as notes for music, are never written."""
MAX_TOKENS_PER_S, _EXTRA_TOKENS = 8, 10
"""More than anyone says, so that a decoder that repeats itself ends."""


class Transcriber:
    """Greedy decoding of English text."""

    def __init__(self, decoder: Decoder, tokens: WhisperTokens) -> None:
        self._decoder, self._tokens = decoder, tokens
        allowed = np.array(
            [_TEXT.fullmatch(tokens.bytes_of(index)) is not None for index in range(decoder.dims.vocabulary)]
        )
        allowed[tokens.special_ids] = False
        self._begins = np.where(allowed, np.float32(0), np.float32(-np.inf))
        allowed[tokens.end_id] = True
        self._continues = np.where(allowed, np.float32(0), np.float32(-np.inf))

    def __call__(self, heard: Mapping[str, Floats], duration_s: float) -> str:
        """Return the text of a clip.

        Args:
            heard: What the decoder hears (`Decoder.hear`) of the states of the untouched encoder.
            duration_s: The clip's length in seconds.
        """
        sequences = TokenSequences(self._decoder, heard)
        sequences.feed([self._tokens.start_ids])
        limit = min(sequences.room - 1, _EXTRA_TOKENS + round(MAX_TOKENS_PER_S * duration_s))
        written: list[int] = []
        while len(written) < limit:
            logits = sequences.logits()[0] + (self._continues if written else self._begins)
            best = int(logits.argmax())
            if best == self._tokens.end_id:
                break
            written.append(best)
            sequences.feed([[best]])
        return self._tokens.text_of(written).strip()
