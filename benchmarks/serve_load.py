"""A load test of the service: many clients, memory over many requests, and more clients than it can serve.

    OPENBLAS_NUM_THREADS=1 python benchmarks/serve_load.py [--requests 5000] [--clients 16] [--crowd 200]

Starts `enunciate serve` as a process on the loopback interface, and sends it four-second clips that flite
speaks (`apt-get install flite`). Every answer is compared, byte for byte, with the engine's answer to the
same clip in this process, which the variable makes compute as the workers do. There are three phases:
`clients`, for the given time or number of requests; a `crowd` for ten seconds, in which refused clients
retry after Retry-After; and `after`, with the first number of clients again, to see that the service has
recovered. `cpu_ms` is the processor time per assessed clip.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from rich.console import Console
from rich.table import Table
from serve_process import cpu_s, ready, rss_mb, service

from enunciate import Utterance, load_assessor

CLIP_S, RATE_HZ = 4.0, 16_000
CROWD_S = 10.0
TIMEOUT_S = 60.0
"""A response that takes longer counts as none."""
VOICES = ("slt", "rms", "awb", "kal16")
TEXTS = (
    "I think the weather is nice today, so let us go out.",
    "The friend has three red balloons and a small dog.",
    "My brother plays the piano on Sunday morning.",
    "She bought a ticket for the early train to the coast.",
    "Nobody knew where the old man had put his keys.",
    "There are seven chairs around the kitchen table.",
    "We should leave the house before it begins to rain.",
    "The children were reading a story about a blue fish.",
)
ID = b"00000000"
"""A placeholder for the number of a request, which has the same length."""
ANSWER_START = b'{"id":"'
BOUNDARY = b"the-end-of-a-part"
ASSESS = (
    f"POST /v1/assessments HTTP/1.1\r\nContent-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n"
)


@dataclass(frozen=True)
class Case:
    """A clip: its request and the expected answer, each without what comes up to the id."""

    request: bytes
    answer: bytes


@dataclass
class Phase:
    """The responses that a number of clients got."""

    name: str
    clients: int
    duration_s: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    served_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    wrong: int = 0
    """Answers that differ from the expected one."""
    without_retry_after: int = 0
    rss_mb: list[tuple[int, float, float]] = field(default_factory=list)
    """Number of responses so far, memory of the server, memory of its workers."""
    cpu_ms: dict[str, float] = field(default_factory=dict)
    """Per clip: of the server, the workers, and this script."""


def speak(text: str, voice: str, folder: Path) -> bytes:
    """Return a WAV file of four seconds."""
    wav = folder / "said.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(wav)], check=True)
    said, rate_hz = sf.read(wav, dtype="float32")
    n_samples = round(CLIP_S * RATE_HZ)
    if rate_hz != RATE_HZ or len(said) > n_samples:
        raise SystemExit(f"{voice} took {len(said) / rate_hz:.1f} s for {text!r}: shorten it")
    clip = np.random.default_rng(0).normal(scale=3e-4, size=n_samples).astype(np.float32)
    clip[: len(said)] += said
    file = io.BytesIO()
    sf.write(file, clip, RATE_HZ, format="WAV", subtype="PCM_16")
    return file.getvalue()


def make_cases() -> list[Case]:
    """Return each text in each voice, with the engine's answer."""
    engine = load_assessor("pocket", threads=1)
    cases: list[Case] = []
    with tempfile.TemporaryDirectory() as folder:
        for text, voice in itertools.product(TEXTS, VOICES):
            audio = speak(text, voice, Path(folder))
            (assessment,) = engine.assess([Utterance(id=ID.decode(), audio=audio, text=text)])
            answer = assessment.model_dump_json().encode()
            assert answer.startswith(ANSWER_START + ID)
            cases.append(Case(rest_of_form(text, audio), answer.removeprefix(ANSWER_START + ID)))
    assert len({case.answer for case in cases}) == len(cases)
    return cases


def part(name: str) -> bytes:
    return b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n' % (BOUNDARY, name.encode())


def rest_of_form(text: str, audio: bytes) -> bytes:
    return b"\r\n".join((b"", part("text") + text.encode(), part("audio") + audio, b"--%b--\r\n" % BOUNDARY))


class Client:
    """A connection that reopens itself; httpx would need more processor time than the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, head: str, body: Sequence[bytes] = ()) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the response.

        Raises:
            OSError, EOFError: the connection broke.
        """
        self._streams = self._streams or await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        length = sum(map(len, body))
        writer.writelines((f"{head}Host: a\r\nContent-Length: {length}\r\n\r\n".encode(), *body))
        answered = await reader.readuntil(b"\r\n\r\n")
        status, *lines = answered.decode("ascii").rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        content = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            await self.close()
        return int(status.split()[1]), headers, content

    async def assess(self, number: int, case: Case) -> tuple[int, dict[str, str], bytes]:
        """Send a clip, with its number as the id."""
        return await self.send(ASSESS, (part("id"), f"{number:08}".encode(), case.request))

    async def close(self) -> None:
        """Close the connection, if it is open."""
        streams, self._streams = self._streams, None
        if streams:
            streams[1].close()


async def one_client(
    port: int, phase: Phase, numbers: Iterator[int], cases: Sequence[Case], go_on: Callable[[], bool]
) -> None:
    """Send one clip after another."""
    client = Client(port)
    while go_on():
        number = next(numbers)
        case = cases[number % len(cases)]
        began = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status, headers, body = await client.assess(number, case)
        except (OSError, EOFError, TimeoutError) as error:
            phase.statuses[type(error).__name__] += 1
            await client.close()
            continue
        took_s = time.perf_counter() - began
        phase.statuses[str(status)] += 1
        if status == 200:
            phase.served_s.append(took_s)
            phase.wrong += body != ANSWER_START + f"{number:08}".encode() + case.answer
        elif status == 429:
            phase.refused_s.append(took_s)
            phase.without_retry_after += "retry-after" not in headers
            await asyncio.sleep(float(headers.get("retry-after", "1")))
    await client.close()


async def run_phase(
    name: str, server: int, port: int, cases: Sequence[Case], clients: int, *, requests: int, seconds: float
) -> Phase:
    """Let clients send a number of requests or, if that is 0, for a number of seconds."""
    phase = Phase(name, clients)
    numbers = itertools.count()
    began, cpu_before = time.perf_counter(), cpu_s(server)
    every = max(1, requests // 20)

    def go_on() -> bool:
        answered = phase.statuses.total()
        if answered >= len(phase.rss_mb) * every and requests:
            phase.rss_mb.append((answered, *rss_mb(server)))
        return answered < requests if requests else time.perf_counter() - began < seconds

    phase.rss_mb.append((0, *rss_mb(server)))
    await asyncio.gather(*(one_client(port, phase, numbers, cases, go_on) for _ in range(clients)))
    phase.duration_s = time.perf_counter() - began
    phase.rss_mb.append((phase.statuses.total(), *rss_mb(server)))
    spent = zip(cpu_s(server).items(), cpu_before.values(), strict=True)
    phase.cpu_ms = {
        who: round(1000 * (after - before) / len(phase.served_s), 2) for (who, after), before in spent
    }
    return phase


def times_ms(times_s: Sequence[float]) -> dict[str, float]:
    if len(times_s) < 2:
        return {}
    cuts = statistics.quantiles(times_s, n=100, method="inclusive")
    percentiles = {f"p{at}": cuts[at - 1] for at in (50, 95, 99)} | {"max": max(times_s)}
    return {name: round(1000 * value, 1) for name, value in percentiles.items()}


def summary(phase: Phase) -> dict[str, Any]:
    """Return the metrics of a phase."""
    return {
        "clients": phase.clients,
        "duration_s": round(phase.duration_s, 2),
        "clips_per_s": round(len(phase.served_s) / phase.duration_s, 2),
        "answers": dict(phase.statuses),
        "wrong": phase.wrong,
        "served_ms": times_ms(phase.served_s),
        "refused_ms": times_ms(phase.refused_s),
        "refused_without_retry_after": phase.without_retry_after,
        "cpu_ms": phase.cpu_ms,
        "rss_mb": phase.rss_mb,
    }


def print_table(results: dict[str, dict[str, Any]]) -> None:
    """Print the main metrics of each phase."""
    columns = ("clients", "clips_per_s", "served_ms", "refused_ms", "answers", "wrong", "cpu_ms")
    table = Table("phase", *columns, "RSS MB, first and last")
    for name, row in results.items():
        cells = [json.dumps(row[column]).strip("{}").replace('"', "") for column in columns]
        table.add_row(
            name,
            *cells,
            " -> ".join(f"{row['rss_mb'][i][1]:.0f} + {row['rss_mb'][i][2]:.0f}" for i in (0, -1)),
        )
    Console(width=180).print(table)


async def measure(server: int, port: int, arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    cases = arguments.cases

    async def run(name: str, clients: int, requests: int, seconds: float) -> Phase:
        return await run_phase(name, server, port, cases, clients, requests=requests, seconds=seconds)

    phases = [await run("clients", arguments.clients, arguments.requests, arguments.seconds)]
    if arguments.crowd:
        phases.append(await run("crowd", arguments.crowd, 0, CROWD_S))
        phases.append(await run("after", arguments.clients, 0, min(arguments.seconds, 20)))
    return {phase.name: summary(phase) for phase in phases}


def main() -> None:
    """Run the load test, and print a table and JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--requests", type=int, default=0, help="number of requests, in place of seconds")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--crowd", type=int, default=200, help="clients of the overload phase; 0 skips it")
    parser.add_argument("--serve", default="", help="further options of `enunciate serve`, as one argument")
    arguments = parser.parse_args()
    arguments.cases = make_cases()
    load_before = os.getloadavg()
    with service(arguments.serve.split()) as (server, port):
        results = asyncio.run(measure(server, port, arguments))
        is_ready = ready(port)
    print_table(results)
    machine = {
        "cores": os.cpu_count(),
        "load_before": load_before,
        "load_after": os.getloadavg(),
        "ready": is_ready,
    }
    print(json.dumps(machine | results))


if __name__ == "__main__":
    main()
