"""The weights of Whisper (Radford et al., 2022), out of the files that people have; it needs no torch."""
