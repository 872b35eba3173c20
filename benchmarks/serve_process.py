"""The service as a process of its own, and what the kernel (Linux) says of it and its workers."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def workers_of(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def rss_mb(server: int) -> tuple[float, float]:
    """Resident memory of the server, and of its workers together."""

    def one(pid: int) -> float:
        (line,) = [
            line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
        ]
        return int(line.split()[1]) / 1024

    return round(one(server), 1), round(sum(map(one, workers_of(server))), 1)


def cpu_s(server: int) -> dict[str, float]:
    """Processor time so far of the server, its workers, and this script."""

    def one(pid: int) -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    return {
        "server": one(server),
        "workers": sum(map(one, workers_of(server))),
        "script": time.process_time(),
    }


@contextmanager
def service(arguments: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pid and port of a server that is ready."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "enunciate", "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        )
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().split()[0].rpartition(":")[2])
            while not ready(port):
                time.sleep(0.05)
            yield process.pid, port
        finally:
            process.terminate()
            process.wait(60)
            log.seek(0)
            bugs = [line for line in log if not line.startswith("{")]
            print(
                f"exit {process.returncode}; {len(bugs)} lines in the log that are of no request", *bugs[:5]
            )


def ready(port: int) -> bool:
    """Whether it says that it takes clips."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/readyz")
    found = connection.getresponse().status == 200
    connection.close()
    return found
