"""Audio that arrives piece by piece: its format, the pauses in it, and the clips between them."""
