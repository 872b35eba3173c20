"""Voxtral: a Whisper encoder whose states, four joined to one, stand among the tokens of a Llama."""
