"""Azure's unit of time."""

TICKS_PER_S = 10_000_000
"""Times are in units of 100 ns."""


def ticks(time_s: float) -> int:
    """Return a time in units of 100 ns."""
    return round(time_s * TICKS_PER_S)
