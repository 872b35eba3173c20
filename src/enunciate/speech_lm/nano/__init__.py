"""A small base model of Phi-4's classes, trained from scratch for experiments at a small scale."""
