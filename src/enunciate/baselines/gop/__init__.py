"""Goodness of pronunciation (GOP) from CTC posteriors, with regressions on top of it."""
