"""The `pocket` engine: a fine-tuned speech encoder, alignment, phrases and scorers, under ONNX Runtime."""
