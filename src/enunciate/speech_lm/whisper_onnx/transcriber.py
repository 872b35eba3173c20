"""Whisper's own transcription: what was said, as ordinary text, by the model without adapter.

Whisper learnt from clips that are padded to 30 s. With less silence at their end it is faster, but it repeats
itself and mishears more words (`benchmarks/whisper_words.py`), so clips are padded here.
"""

from __future__ import annotations

import re

import numpy as np

from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.pocket.log_mel import log_mel
from enunciate.speech_lm.families.whisper.turn import WHISPER_AUDIO
from enunciate.speech_lm.whisper_onnx.model import OnnxDecoder, OnnxEncoder, TokenSequences
from enunciate.speech_lm.whisper_onnx.tokens import WhisperTokens

PADDING_S = 20.0
"""Silence that is put after a clip, as far as Whisper has room for it."""
MAX_TOKENS_PER_S, _EXTRA_TOKENS = 8, 10
"""More than anyone says, so that a decoder that repeats itself ends."""
_TEXT = re.compile(rb" ?(?:[A-Za-z']+|[0-9]+|[.,?!:;$%&-])")
"""Tokens of English text; others, such as notes for music, are never written."""


class Transcriber:
    """Greedy decoding of English text; an `assessor.Transcriber`."""

    def __init__(
        self, encoder: OnnxEncoder, decoder: OnnxDecoder, tokens: WhisperTokens, padding_s: float = PADDING_S
    ) -> None:
        """Prepare to transcribe.

        Args:
            encoder: The base's encoder.
            decoder: The base's decoder.
            tokens: The base's tokens.
            padding_s: Silence that is put after a clip, in seconds.
        """
        self._encoder, self._decoder, self._tokens, self._padding_s = encoder, decoder, tokens, padding_s
        ids = range(decoder.dims.vocabulary)
        allowed = np.array([_TEXT.fullmatch(tokens.bytes_of(index)) is not None for index in ids])
        allowed[tokens.special_ids] = False
        self._begins = np.where(allowed, np.float32(0), np.float32(-np.inf))
        allowed[tokens.end_id] = True
        self._continues = np.where(allowed, np.float32(0), np.float32(-np.inf))

    def __call__(self, samples: Samples) -> str:
        """Return the text of a clip, (n,) float32 at 16 kHz."""
        room = max(0, int(WHISPER_AUDIO.max_s * SAMPLE_RATE_HZ) - len(samples))
        padded = np.pad(samples, (0, min(int(self._padding_s * SAMPLE_RATE_HZ), room)))
        sequences = TokenSequences(
            self._decoder, self._decoder.hear(self._encoder(log_mel(padded, self._decoder.dims.mels)))
        )
        sequences.feed([self._tokens.start_ids])
        most = _EXTRA_TOKENS + round(MAX_TOKENS_PER_S * len(samples) / SAMPLE_RATE_HZ)
        written: list[int] = []
        while len(written) < min(most, sequences.room + len(written)):
            logits = sequences.logits()[0] + (self._continues if written else self._begins)
            best = int(logits.argmax())
            if best == self._tokens.end_id:
                break
            written.append(best)
            sequences.feed([[best]])
        return self._tokens.text_of(written).strip()
