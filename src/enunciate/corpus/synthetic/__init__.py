"""Synthetic speech with exact phone labels; run `python -m enunciate.corpus.synthetic` to make it."""
