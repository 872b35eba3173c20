"""From phones, times and scores to an `Assessment`: words, errors, completeness, warnings."""
