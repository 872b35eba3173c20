"""The speed and memory of `pocket` on one core: cold start, warm, and by length of the clip.

    python benchmarks/pocket_speed.py [--clip examples/CLIP.flac --text "..."]

Each time is the median of several runs, but for ten minutes. Those of assessments are processor time of the
one thread, which other work on the machine hardly changes; the others are wall time. Peak memory is that of a
process that loads the engine and assesses the clip. The clip is repeated, with pauses, to reach each length.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

REPEATS = 9


def median_s(command: list[str], runs: int = 5) -> float:
    """Return the median wall time of a command."""
    times: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def in_process(clip: Path, text: str) -> dict[str, float]:
    """Measure load time, time by length and peak memory in this process."""
    from enunciate import load_assessor
    from enunciate.audio import SAMPLE_RATE_HZ, load
    from enunciate.schema import Clip, Utterance

    began = time.perf_counter()
    assessor = load_assessor("pocket", threads=1)
    measurements = {"load_s": time.perf_counter() - began}
    speech = load(clip).samples
    piece = np.concatenate((speech, np.zeros(SAMPLE_RATE_HZ // 4, dtype=np.float32)))
    for seconds in (4, 15, 30, 60, 600):
        count = max(1, round(seconds * SAMPLE_RATE_HZ / len(piece)))
        samples = np.resize(piece, seconds * SAMPLE_RATE_HZ)
        audio = Clip(samples=samples, sample_rate_hz=SAMPLE_RATE_HZ)
        utterance = Utterance(id="clip", audio=audio, text=" ".join([text] * count))
        times: list[float] = []
        for _ in range(REPEATS if seconds == 4 else 3 if seconds <= 60 else 1):
            began = time.process_time()
            assessor.assess([utterance])
            times.append(time.process_time() - began)
        measurements[f"assess_{seconds}s_clip_s"] = statistics.median(times)
        if seconds in (4, 60, 600):
            peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            measurements[f"peak_memory_mb_{seconds}s"] = peak_mb
    return measurements


def main() -> None:
    """Measure everything and print it as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    examples = Path(__file__).parent.parent / "examples"
    parser.add_argument("--clip", type=Path, default=examples / "i_think_the_weather_is_nice.flac")
    parser.add_argument("--text", default="I think the weather is nice today.")
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "enunciate", "assess", str(arguments.clip), "--text", arguments.text]
    measurements = {
        "import_enunciate_s": median_s([sys.executable, "-c", "import enunciate"]),
        "python_start_s": median_s([sys.executable, "-c", "pass"]),
        "cli_assess_cold_s": median_s(command),
        **in_process(arguments.clip, arguments.text),
    }
    print(json.dumps({name: round(value, 4) for name, value in measurements.items()}, indent=1))


if __name__ == "__main__":
    main()
