"""The turn that asks Whisper for a task: the start of a transcript, then the task as text (without torch)."""

from __future__ import annotations

from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.prompts import TurnFormat

END = "<|endoftext|>"
START = ("<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>")
"""What the decoder begins with where it writes down English without times."""
START_IN_ENGLISH_ONLY = ("<|startoftranscript|>", "<|notimestamps|>")
"""The same for models that know English only, whose transcripts name no language and no task."""

WHISPER_TASK = TurnFormat("", "", "", END, END)
"""The turn without the start."""
WHISPER_FORMAT = TurnFormat("".join(START), "", "", END, END)
ENGLISH_ONLY_FORMAT = TurnFormat("".join(START_IN_ENGLISH_ONLY), "", "", END, END)

WHISPER_AUDIO = AudioGeometry("Whisper", max_s=30.0, centred=True, frames_per_token=2)
"""The clips that Whisper takes."""
SCORE_PATHS = 16
"""Beginnings of an answer that are followed when scores are decoded (`decoding.scores`)."""
