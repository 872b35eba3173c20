"""The `pocket` engine: features, recogniser, alignment, scorer, their training and their running."""
