"""Constrained decoding in batches: from audio and prompt to an answer."""
