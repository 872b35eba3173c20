"""Granite-speech: a conformer whose windows, three tokens each, stand among the tokens of a Granite."""
