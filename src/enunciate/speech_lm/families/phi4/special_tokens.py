"""The special tokens of Phi-4-multimodal's chat format."""

from __future__ import annotations

from enunciate.speech_lm.prompts import TurnFormat

AUDIO = "<|audio|>"
"""Stands for the clip, once per turn; the processor repeats it once per audio token of the clip."""
USER, ASSISTANT, END = "<|user|>", "<|assistant|>", "<|end|>"
END_OF_TEXT = "<|endoftext|>"
"""Also the padding token."""

SPECIAL_TOKENS = (
    END_OF_TEXT,
    "<|image|>",
    AUDIO,
    "<|endofprompt|>",
    ASSISTANT,
    END,
    USER,
    "<|system|>",
)
"""In the order of their ids in the checkpoint's tokenizer (the ids themselves differ in ours)."""

PHI4_FORMAT = TurnFormat(before=USER, audio=AUDIO, after=END + ASSISTANT, end=END, pad=END_OF_TEXT)
