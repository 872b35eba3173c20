"""Corpora of labelled speech, read into `Utterance`s: labels, splits by speaker, and synthetic speech."""
