"""A trained Whisper on a CPU under ONNX Runtime, without torch: `loading` makes the engine."""
