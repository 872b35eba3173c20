"""A small speech language model trained from scratch, for experiments at a small scale."""
