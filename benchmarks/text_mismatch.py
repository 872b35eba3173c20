"""How often `pocket` warns of a mismatched text, for the right text and for a wrong one.

    python benchmarks/text_mismatch.py --corpus CORPUS [--split test]

Every fourth clip of the split is assessed with its own text, and with that of a clip half the split further
on, which is another sentence of another speaker. A text that is too long for the clip counts as a warning; a
clip without speech counts neither way.
The results check the thresholds `MISMATCH_*`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.engines import Assessor, load_assessor
from enunciate.errors import NoSpeechError, TextTooLongError
from enunciate.schema import Utterance


def is_warned(assessor: Assessor, utterance: Utterance) -> bool | None:
    """Return whether the engine warned that the text does not match; None for a clip without speech."""
    try:
        return any(notice.code == "text_mismatch" for notice in assessor.assess([utterance])[0].warnings)
    except TextTooLongError:
        return True
    except NoSpeechError:
        return None


def main() -> None:
    """Measure and print the shares."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--split", default="test", choices=("train", "test"))
    parser.add_argument("--model", default="pocket")
    arguments = parser.parse_args()
    own = load_corpus(arguments.corpus, arguments.split)[::4]
    half = len(own) // 2
    others = own[half:] + own[:half]
    mismatched = [u.model_copy(update={"words": o.words}) for u, o in zip(own, others, strict=True)]
    assessor = load_assessor(arguments.model)
    for name, utterances in (("right text", own), ("wrong text", mismatched)):
        found = [warned for u in utterances if (warned := is_warned(assessor, u)) is not None]
        print(f"{name}: {sum(found) / len(found):.3f} of {len(found)} clips with a warning")


if __name__ == "__main__":
    main()
