"""Corpora of judged speech, read into `Utterance`s, and their splits by speaker."""
