"""From audio and prompt to an answer: constrained decoding in batches."""
