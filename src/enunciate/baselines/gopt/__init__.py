"""GOPT: a small transformer over GOP features."""
