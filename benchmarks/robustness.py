"""Does a score mean the same outside the corpus? One table for any engine.

    python benchmarks/robustness.py --corpus DIR --native FOLDER --out robustness.json
    python benchmarks/robustness.py --corpus DIR --out robustness.json gaps joined
    python benchmarks/robustness.py --corpus DIR --out mine.json --system 'python mine.py {manifest} {out}'

The benchmark puts readings through changes that a fair judge ignores, or hears in one score only.
It gives the engine recordings that are no reading of the text. It has native speakers and synthetic
voices read well, and say one sound for another. It counts implausible flags, diagnoses and pauses, and
measures when phones were said where that is known. An engine that does not give what a row measures gets
"not given". `--system` measures a program that is not part of the package. `--out` receives JSON and,
beside it, tables in Markdown; parts of a run go to the same file.

It needs flite, espeak-ng and pyworld (the dependency group `robustness`). Its clips come from the test split
of the corpus, so weights that were trained on everything have seen them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from robustness_cases.bench import Bench, Row
from robustness_cases.boundaries import boundaries
from robustness_cases.long_readings import joined_readings, narrations
from robustness_cases.native_clips import native_speakers, read_native
from robustness_cases.outside import OutsideAssessor, answered
from robustness_cases.plausibility import plausibility
from robustness_cases.refusals import not_a_reading
from robustness_cases.surroundings import gaps, manner, surroundings
from robustness_cases.synthetic_readers import added_speech, good_voices, minimal_pairs
from robustness_cases.table import NOT_GIVEN, read_sections, shown, write_sections
from robustness_cases.voices import neural_voices, program_voices

from enunciate import load_assessor
from enunciate.corpus.speechocean762 import load_corpus

CASES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "native": native_speakers,
    "voices": good_voices,
    "surroundings": surroundings,
    "manner": manner,
    "gaps": gaps,
    "joined": joined_readings,
    "narration": narrations,
    "refusals": not_a_reading,
    "added": added_speech,
    "pairs": minimal_pairs,
    "plausibility": plausibility,
    "boundaries": boundaries,
}


def main() -> None:
    arguments = _parse()
    clips, out = arguments.clips, arguments.out
    assessor = (
        OutsideAssessor(arguments.system)
        if arguments.system
        else load_assessor(arguments.model, lexicon=arguments.lexicon)
    )
    native = read_native(arguments.native) if arguments.native else ()
    voices = [*program_voices(), *neural_voices(arguments.kokoro_styles)]
    bench = Bench(assessor, load_corpus(arguments.corpus, "test"), clips, native, voices)
    found = read_sections(out, assessor.name, clips) if out else {}
    began = time.monotonic()
    for name in arguments.cases or CASES:
        found[name] = []
        for row in answered(CASES[name], bench):
            found[name].append(row)
            values = "  ".join(f"{key} {shown(key, value)}" for key, value in row.values.items())
            print(
                f"{time.monotonic() - began:6.0f} s  {row.case:42} n {row.n:4}  {values or NOT_GIVEN}",
                flush=True,
            )
        if out:
            ordered = {case: found[case] for case in CASES if case in found}
            notes = {case: (rows.__doc__ or "").splitlines()[0] for case, rows in CASES.items()}
            write_sections(out, assessor.name, clips, ordered, notes)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="pocket", help="an engine's name, or a folder of weights")
    parser.add_argument("--system", help="in place of a model, a program: docs/other-systems.md")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of Speechocean762")
    parser.add_argument("--native", type=Path, help="a folder of clips of native speakers, with their texts")
    parser.add_argument("--lexicon", type=Path, help="pronunciations of words that the lexicon lacks")
    parser.add_argument("--kokoro-styles", type=Path, help="the folder 'voices' of npm's kokoro-js")
    parser.add_argument("--clips", type=int, default=24, help="clips per case")
    parser.add_argument("--out", type=Path, help="a JSON file for the rows; tables go beside it")
    parser.add_argument(
        "cases", nargs="*", choices=[*CASES, []], metavar="CASE", help=f"{', '.join(CASES)}; without any, all"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
