"""Phi-4-multimodal: configuration, weights, loss, and a masked audio encoder."""
