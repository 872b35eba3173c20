"""The base models that the engine can drive."""
