"""Runs a command to its end, and prints its time and memory as JSON; it is started as a process of its own.

Linux counts, as the largest memory of a program, that of the process which started it, too. This one has
about 10 MB, while an evaluation has hundreds. So it is run by itself, without any package:

    python -I -S measured_command.py COMMAND...
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import TypedDict

STDERR = 2


class Measured(TypedDict):
    """The measurements that are printed; a command that cannot be started has a "problem" instead."""

    wall_s: float
    cpu_s: float
    peak_memory_mb: float


def main(arguments: list[str]) -> int:
    """Run a command, whose own output all goes to stderr, and return its exit code."""
    start = time.perf_counter()
    try:
        code = subprocess.call(arguments, stdout=STDERR)
    except OSError as error:
        sys.stdout.write(json.dumps({"problem": error.strerror}))
        return 1
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    measured = Measured(
        wall_s=round(time.perf_counter() - start, 2),
        cpu_s=round(usage.ru_utime + usage.ru_stime, 2),
        peak_memory_mb=round(usage.ru_maxrss * unit / 1e6, 1),
    )
    sys.stdout.write(json.dumps(measured))
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
