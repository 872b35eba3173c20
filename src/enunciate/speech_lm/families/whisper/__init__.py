"""Whisper (Radford et al., 2022) of any size, as a small speech language model."""
