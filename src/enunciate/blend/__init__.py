"""The mean of `pocket` and another engine, weighted as it was best for speakers of neither's training."""
