"""Training `pocket`: the phone recogniser, the scorer, and their export to ONNX."""
