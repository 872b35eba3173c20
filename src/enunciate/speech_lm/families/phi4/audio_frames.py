"""Frames and audio tokens of a clip in Phi-4-multimodal, and which clips its audio encoder takes."""

from __future__ import annotations

from enunciate.speech_lm.audio_geometry import AudioGeometry

FRAMES_PER_TOKEN = 8
"""Feature frames (10 ms) per audio token."""
PHI4_AUDIO = AudioGeometry("Phi-4-multimodal", frames_per_token=FRAMES_PER_TOKEN)
"""Its audio encoder was trained on clips of up to 40 s."""

n_frames_of, n_tokens_of, check_length = PHI4_AUDIO.n_frames, PHI4_AUDIO.n_tokens, PHI4_AUDIO.check_length
