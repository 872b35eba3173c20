"""Metrics with their confidence intervals: agreement, detection, recognition, groups of speakers."""
