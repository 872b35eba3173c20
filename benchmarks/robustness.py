"""Does a score mean the same outside the corpus? One table for any engine.

    python benchmarks/robustness.py --model pocket --corpus DIR --out robustness.json

The benchmark puts readings through changes that a fair judge ignores, or hears in one score only.
It gives the engine recordings that are no reading of the text. It has synthetic voices read well,
and say one sound for another. It counts implausible flags, diagnoses and pauses. It needs flite,
espeak-ng and pyworld. Its clips come from the test split of the corpus, so weights that were
trained on everything have seen them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from robustness_cases.bench import Bench, Row
from robustness_cases.diagnoses import minimal_pairs, native_voices, plausibility
from robustness_cases.refusals import not_a_reading
from robustness_cases.stability import gaps, joined_readings, manner, surroundings

from enunciate import load_assessor
from enunciate.corpus.speechocean762 import load_corpus

CASES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "surroundings": surroundings,
    "manner": manner,
    "gaps": gaps,
    "joined": joined_readings,
    "refusals": not_a_reading,
    "voices": native_voices,
    "pairs": minimal_pairs,
    "plausibility": plausibility,
}


def main() -> None:
    arguments = _parse()
    bench = Bench(load_assessor(arguments.model), load_corpus(arguments.corpus, "test"), arguments.clips)
    began = time.monotonic()
    sections: dict[str, list[Row]] = {}
    for name in arguments.cases or CASES:
        sections[name] = []
        for row in CASES[name](bench):
            sections[name].append(row)
            values = "  ".join(f"{key} {value:+.3f}" for key, value in row.values.items())
            print(f"{time.monotonic() - began:6.0f} s  {row.case:42} n {row.n:4}  {values}", flush=True)
        if arguments.out:
            rows = {key: [vars(row) for row in found] for key, found in sections.items()}
            arguments.out.write_text(json.dumps({"model": bench.assessor.name, "cases": rows}, indent=1))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="pocket", help="an engine's name, or a folder of weights")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of Speechocean762")
    parser.add_argument("--clips", type=int, default=24, help="clips per case")
    parser.add_argument("--out", type=Path, help="a JSON file for the rows")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"some of {', '.join(CASES)}; all without")
    return parser.parse_args()


if __name__ == "__main__":
    main()
