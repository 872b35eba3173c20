"""A conformer trained from scratch: what `pocket` was until 0.2, and the ear of the baselines."""
