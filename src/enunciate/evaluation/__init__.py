"""How well an engine does on a corpus that people have scored; definitions in `docs/metrics.md`.

`run.evaluate` assesses a corpus and writes its files; `results.summarise` turns pairs of utterance and
assessment into figures. Both need the `[eval]` extra (scipy, kaldialign, jiwer).
"""
