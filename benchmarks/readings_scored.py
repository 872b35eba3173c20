"""Whether a text with numbers, names and signs is scored as the same text in plain words is.

A synthesiser reads sentences that hold such tokens, spelt out in words. `pocket` assesses each recording with
the text as people type it, and with the words. The mean scores of both should be alike.

    python benchmarks/readings_scored.py
    python benchmarks/readings_scored.py --synthesiser flite
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path
from statistics import mean

from readings_chosen import synthesise

from enunciate.engines import Assessor, load_assessor
from enunciate.schema import Assessment, Utterance

logger = logging.getLogger(__name__)

TYPED = {
    "The book costs $3.50 in the shop.": "The book costs three dollars and fifty cents in the shop.",
    "We will meet at 10:00 in the park.": "We will meet at ten o'clock in the park.",
    "You can call me at 555-0199 today.": "You can call me at five five five, oh one nine nine today.",
    "Please add 1/2 of the sugar first.": "Please add one half of the sugar first.",
    "My sister is No. 1 in her class.": "My sister is number one in her class.",
    "Her birthday is on 12/05/2024.": "Her birthday is on december fifth twenty twenty four.",
    "The lesson is in Room 101 after lunch.": "The lesson is in room one oh one after lunch.",
    "My brother watches TikTok in the evening.": "My brother watches tick tock in the evening.",
    "He learnt about World War II at school.": "He learnt about world war two at school.",
    "The farm is 5 km from the lake.": "The farm is five kilometers from the lake.",
    "We made two snowmen and organised a party.": "We made two snow men and organized a party.",
    "She lives in the USA & travels by aeroplane.": "She lives in the U.S.A. and travels by aeroplane.",
}


def main() -> None:
    """Print the mean score and the flagged phones with both kinds of text."""
    parser = argparse.ArgumentParser(description="Whether typed texts are scored as plain words are.")
    parser.add_argument("--synthesiser", choices=("espeak-ng", "flite"), default="espeak-ng")
    synthesiser = parser.parse_args().synthesiser
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    assessor = load_assessor()
    for kind, texts in (("typed", TYPED), ("spelt out", TYPED.values())):
        spoken = zip(texts, TYPED.values(), strict=True)
        results = [_assess(assessor, text, words, synthesiser) for text, words in spoken]
        scores = [result.total.value for result in results if result.total]
        phones = [phone for result in results for phone in result.phones]
        flagged = sum(phone.mispronounced for phone in phones)
        logger.info(
            "%-9s mean total %.2f, %d of %d phones flagged (%s)",
            kind, mean(scores), flagged, len(phones), synthesiser,
        )  # fmt: skip


def _assess(assessor: Assessor, text: str, spoken: str, synthesiser: str) -> Assessment:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.wav"
        synthesise(spoken, path, synthesiser)
        (result,) = assessor.assess([Utterance(id="a", audio=path, text=text)])
    return result


if __name__ == "__main__":
    main()
