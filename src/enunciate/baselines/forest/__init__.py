"""A random forest over rates, pauses, rhythm and pitch."""
