"""Tokenizer and features of Whisper.

A turn begins with the tokens that start a transcript without times; the task follows as text.
"""

from __future__ import annotations

from transformers import PreTrainedTokenizerFast

from enunciate.pocket.log_mel import N_MELS
from enunciate.speech_lm.families.log_mel_processor import LogMelProcessor
from enunciate.speech_lm.families.whisper.turn import END, ENGLISH_ONLY_FORMAT, WHISPER_AUDIO, WHISPER_FORMAT
from enunciate.speech_lm.processor import Control

_END_IN_ENGLISH_ONLY = 50_256
"""The id of `END` in models that know English only."""


class WhisperProcessor(LogMelProcessor):
    """Tokenizer and features."""

    geometry = WHISPER_AUDIO
    format = WHISPER_FORMAT
    source = "openai/whisper-base or a model of its kind"

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, n_mels: int = N_MELS, control: Control = "text"
    ) -> None:
        """Wrap a tokenizer that has Whisper's special tokens; see `Processor`."""
        if tokenizer.get_added_vocab().get(END) == _END_IN_ENGLISH_ONLY:
            self.format = ENGLISH_ONLY_FORMAT
        super().__init__(tokenizer, n_mels, control)
