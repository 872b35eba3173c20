"""Whether the reading of a number, a date or a sign that was said is the one that an assessment reports.

A synthesiser reads each phrase in each of several ways, spelt out in words; `pocket` then assesses the
recording with the text as people type it. Needs `espeak-ng` or `flite`.

    python benchmarks/readings_chosen.py
    python benchmarks/readings_chosen.py --synthesiser flite
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import tempfile
from pathlib import Path

from enunciate.engines import load_assessor
from enunciate.schema import Utterance

logger = logging.getLogger(__name__)

PHRASES = {
    "It costs {} at the shop.": {
        "$3.50": ["three dollars and fifty cents", "three dollars fifty", "three fifty"],
        "$1,200": ["one thousand two hundred dollars", "twelve hundred dollars"],
    },
    "We will meet at {} tomorrow.": {
        "10:30": ["ten thirty", "half past ten"],
        "9:45": ["nine forty five", "quarter to ten"],
        "10:00": ["ten o'clock", "ten"],
    },
    "The party is on {} this time.": {
        "12/05/2024": ["december fifth twenty twenty four", "the twelfth of may twenty twenty four"],
        "2/3/2019": ["february third twenty nineteen", "the second of march twenty nineteen"],
    },
    "My friend was born in {} I think.": {
        "2005": ["two thousand five", "two thousand and five", "twenty oh five"],
        "1905": ["nineteen oh five", "nineteen hundred and five"],
    },
    "Please go to room {} now.": {
        "101": ["one oh one", "one hundred and one", "one zero one"],
        "237": ["two thirty seven", "two hundred and thirty seven"],
    },
    "Take {} of the sugar.": {"3/4": ["three quarters", "three fourths", "three over four"]},
    "You should call {} today.": {
        "555-0199": ["five five five oh one nine nine", "five five five zero one nine nine"],
    },
    "Louis {} was a king.": {"XIV": ["the fourteenth", "fourteen"]},
    "They live in the {} today.": {"'90s": ["nineties"]},
}  # fmt: skip


def synthesise(words: str, path: Path, synthesiser: str) -> None:
    """Write a recording of words, or raise `CalledProcessError`."""
    command = {
        "espeak-ng": ["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(path), words],
        "flite": ["flite", "-voice", "slt", "-t", words, "-o", str(path)],
    }[synthesiser]
    subprocess.run(command, check=True, capture_output=True)


def main() -> None:
    """Print each phrase, and how many readings were told right."""
    parser = argparse.ArgumentParser(description="Whether the reading said is the one reported.")
    parser.add_argument("--synthesiser", choices=("espeak-ng", "flite"), default="espeak-ng")
    synthesiser = parser.parse_args().synthesiser
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    assessor = load_assessor()
    right = total = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.wav"
        for frame, tokens in PHRASES.items():
            for token, readings in tokens.items():
                for reading in readings:
                    synthesise(frame.format(reading), path, synthesiser)
                    (result,) = assessor.assess([Utterance(id="a", audio=path, text=frame.format(token))])
                    said = " ".join(word.read_as for word in result.words if word.read_as)
                    right += said == reading
                    total += 1
                    logger.info("%s %-12s %-42s %s", "ok" if said == reading else "--", token, reading, said)
    logger.info("%d of %d readings are told right (%s, %s)", right, total, synthesiser, assessor.name)


if __name__ == "__main__":
    main()
