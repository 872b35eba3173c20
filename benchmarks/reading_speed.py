"""How long does it take to read a text of 100 words, of which every third is a token that is no plain word?

    python benchmarks/reading_speed.py

One text repeats ten tokens, in another all are different, and in the third they are words that no dictionary
has. Pronunciations are part of it, those of connected speech too. The lexicon is warm, and the words
have been guessed before.
"""

from __future__ import annotations

import statistics
import time

from enunciate.phones import Lexicon
from enunciate.reading.reference import read_reference
from enunciate.schema import Utterance

WORDS, TIMES = 100, 200
PLAIN = "the quick brown fox jumps over a lazy dog and then it runs home again".split()
GUESSED = "Oluwaseun Kipchoge Tirunesh Shinkansen Venkatesh vlogging Xochitl Ximena Tsukasa Begona".split()
REPEATED = "$3.50 10:30 12/05/2024 Dr. 5km 21st NASA 1999 3/4 50%".split()


def main() -> None:
    """Print one row per text: the median and the largest of the processor times, in milliseconds."""
    lexicon = Lexicon.default()
    different = [f"{token}{index}" for index in range(10, 16) for token in ("$", "10:", "12/05/20", "-")]
    different += [f"{index}{ending}" for index in range(10, 16) for ending in ("km", "th", "%")]
    texts = (("ten tokens, repeated", REPEATED), ("all different", different), ("ten guessed words", GUESSED))
    for name, special in texts:
        text = " ".join(
            special[index // 3 % len(special)] if index % 3 == 0 else PLAIN[index % len(PLAIN)]
            for index in range(WORDS)
        )
        took_ms = [reading_time_ms(text, lexicon) for _ in range(TIMES + 1)][1:]
        print(f"{name:22} median {statistics.median(took_ms):5.2f} ms  largest {max(took_ms):5.2f} ms")


def reading_time_ms(text: str, lexicon: Lexicon) -> float:
    """Return the processor time of one reading of a text."""
    start_s = time.process_time()
    read_reference(Utterance(id="text", audio=b"", text=text), lexicon)
    return 1000 * (time.process_time() - start_s)


if __name__ == "__main__":
    main()
