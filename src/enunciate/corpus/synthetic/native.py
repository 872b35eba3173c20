"""Make a set of good readings out of recordings of native speakers.

python -m enunciate.corpus.synthetic.native OUT --manifest readings.jsonl --name audiobook

The set joins those of the neural voices (`neural_clip`) as further readings for the top of the scale. A line
of the manifest is a recording and its text: {"audio": "a.flac", "text": "..."}. Recordings are left out that
are too short or too long, or whose text has a numeral or a word without known pronunciation: nobody knows
exactly what was said in them.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from enunciate import audio
from enunciate.corpus.synthetic.neural import canonical_words
from enunciate.corpus.synthetic.neural_clip import PREFIX, NeuralClip, write_neural
from enunciate.errors import CorpusError
from enunciate.phones import Lexicon, strip_stress

ENGINE = "native"
MIN_S, MAX_S = 1.2, 14.0
_MIN_WORDS = 2
_SIGNS = re.compile(r"[^A-Za-z' -]+")


def native_clips(manifest: Path, name: str) -> Iterator[NeuralClip]:
    """Yield a clip for each usable recording of a manifest.

    Args:
        manifest: JSON lines with `audio`, relative to the manifest, and `text`.
        name: The name of the set, which stands for the voice.

    Raises:
        AudioError: A recording cannot be read.
        CorpusError: A line is not what it should be.
    """
    lexicon = Lexicon.default()
    for number, line in enumerate(manifest.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            path, text = manifest.parent / row["audio"], str(row["text"])
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(
                f'{manifest}, line {number}: write {{"audio": FILE, "text": TEXT}} ({error})'
            ) from None
        words = canonical_words(_SIGNS.sub(" ", text).lower(), lexicon)
        if len(words) < _MIN_WORDS or any(sign.isdigit() for sign in text):
            continue
        speech = audio.load(path)
        if not MIN_S <= speech.duration_s <= MAX_S:
            continue
        samples = np.clip(np.rint(speech.samples * 32_767), -32_768, 32_767).astype(np.int16)
        said = tuple((strip_stress(phone),) for _, phones in words for phone in phones)
        yield NeuralClip(
            f"{PREFIX}{name}-{number}", ENGINE, name, "good", text, 1.0, False, words, said, samples
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and make a set."""
    parser = argparse.ArgumentParser(description="Make a set of good readings from recordings.")
    parser.add_argument("out", type=Path, help="folder for the clips")
    parser.add_argument("--manifest", type=Path, required=True, help="JSON lines with audio and text")
    parser.add_argument("--name", required=True, help="name of the set and its speaker")
    given = parser.parse_args(arguments)
    clips = list(native_clips(given.manifest, given.name))
    if not clips:
        raise CorpusError(f"{given.manifest} has no recording that can be used")
    write_neural(clips, given.out, given.name)
    print(f"{len(clips)} clips in {given.out}")


if __name__ == "__main__":
    main()
