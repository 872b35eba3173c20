"""Training of the `pocket` engine."""
