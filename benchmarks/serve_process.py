"""The service as a process, with its memory and processor time as Linux reports them."""

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
    """Return the process ids of the workers of a server."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def rss_mb(server: int) -> tuple[float, float]:
    """Return the resident memory of the server and of its workers together, in MB."""

    def one(pid: int) -> float:
        (line,) = [
            line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
        ]
        return int(line.split()[1]) / 1024

    return round(one(server), 1), round(sum(map(one, workers_of(server))), 1)


def cpu_s(server: int) -> dict[str, float]:
    """Return the processor time used so far by the server, its workers and this script, in seconds."""

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
    """Run a server, and give its process id and port once it is ready.

    Args:
        arguments: further options of `enunciate serve`.
    """
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
            print(f"exit code {process.returncode}; {len(bugs)} log lines that are not requests", *bugs[:5])


def ready(port: int) -> bool:
    """Return whether the service accepts clips."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/readyz")
    is_ready = connection.getresponse().status == 200
    connection.close()
    return is_ready
