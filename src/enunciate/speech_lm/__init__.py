"""The `phi4` engine: Phi-4-multimodal-instruct with an adapter does APA and MDD (arXiv 2509.02915)."""
