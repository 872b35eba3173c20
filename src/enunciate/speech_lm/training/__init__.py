"""Training an adapter of a speech language model: data, loop, checkpoints, selection, model card."""
