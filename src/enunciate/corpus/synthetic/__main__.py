"""Make labelled synthetic speech.

python -m enunciate.corpus.synthetic OUT --hours 20 --workers 16 --seed 1
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from enunciate.corpus.synthetic.generate import synthesise
from enunciate.corpus.synthetic.sentences import (
    TextSources,
    read_dictionary,
    read_fortunes,
    read_sentences,
)
from enunciate.corpus.synthetic.shard import Engine, SynthesisOptions


def _sources(arguments: argparse.Namespace) -> TextSources:
    return TextSources(
        given=read_sentences(arguments.sentences) if arguments.sentences else (),
        dictionary=read_dictionary(arguments.dictionary) if arguments.dictionary else (),
        fortunes=read_fortunes(arguments.root or Path("/")),
    )


def main() -> None:
    """Parse the command line and synthesise."""
    parser = argparse.ArgumentParser(description="Make labelled synthetic speech.")
    parser.add_argument("out", type=Path, help="folder for the shards")
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--root", type=Path, help="folder with the unpacked Debian packages")
    parser.add_argument("--sentences", type=Path, help="text file, one sentence per line")
    parser.add_argument("--dictionary", type=Path, help="pronunciation dictionary in CMUdict's format")
    parser.add_argument("--engines", nargs="+", choices=("flite", "espeak", "festival"), help="only these")
    arguments = parser.parse_args()
    options = SynthesisOptions(
        hours=arguments.hours,
        seed=arguments.seed,
        root=arguments.root.resolve() if arguments.root else None,
        sources=_sources(arguments),
    )
    if arguments.engines:
        shares: dict[Engine, float] = {name: options.engines[name] for name in arguments.engines}
        options = replace(options, engines=shares)
    report = synthesise(options, arguments.out, arguments.workers)
    print(f"{report.shards} shards in {arguments.out}", *report.lost, sep="\n")


if __name__ == "__main__":
    main()
