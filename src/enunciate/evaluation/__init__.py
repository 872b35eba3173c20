"""Evaluation of an engine on a corpus with human scores; `docs/metrics.md` defines the metrics.

`run.evaluate` assesses a corpus and writes its files; `metrics.results.summarise` computes the metrics in
them. Both need the `[eval]` extra (scipy, kaldialign, jiwer).
"""
