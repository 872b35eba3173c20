"""Synthetic speech with known phones: texts, synthesisers, deliberate errors, and shards of clips."""
