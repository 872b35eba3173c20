"""Qwen2-Audio: a Whisper encoder whose states stand among the tokens of Qwen2."""
