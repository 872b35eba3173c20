"""How often `pocket` doubts a text that was read, and believes a text that was not: checks `MISMATCH_*`.

    python benchmarks/text_mismatch.py --corpus CORPUS [--split test]

Every fourth clip is assessed with its own text and with the text of a clip half the split further on (another
speaker, another sentence). A text too long for the clip counts as doubted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.engines import Assessor, load_assessor
from enunciate.errors import TextTooLongError
from enunciate.schema import Utterance


def doubted(assessor: Assessor, utterance: Utterance) -> bool:
    """Whether the engine said that the text does not match."""
    try:
        return any(notice.code == "text_mismatch" for notice in assessor.assess([utterance])[0].warnings)
    except TextTooLongError:
        return True


def main() -> None:
    """Measure and print."""
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
    foreign = [u.model_copy(update={"words": o.words}) for u, o in zip(own, others, strict=True)]
    assessor = load_assessor(arguments.model)
    for name, utterances in (("its own text", own), ("another text", foreign)):
        share = sum(doubted(assessor, u) for u in utterances) / len(utterances)
        print(f"{name}: {share:.3f} of {len(utterances)} clips doubted")


if __name__ == "__main__":
    main()
