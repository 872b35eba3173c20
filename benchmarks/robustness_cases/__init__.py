"""The cases of `benchmarks/robustness.py`: what a reading is put through, and what must stay the same."""
