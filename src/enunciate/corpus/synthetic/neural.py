"""Make speech of neural voices: good readings, mispronounced ones, and hesitant ones.

python -m enunciate.corpus.synthetic.neural OUT --voice joe --minutes 35 --seed 1
python -m enunciate.corpus.synthetic.neural OUT --voice kokoro --styles voices --minutes 70 --seed 2
python -m enunciate.corpus.synthetic.neural OUT --voice kokoro --styles voices --minutes 5 --seed 3 --test

Neural voices sound much more like people than formant synthesisers do, so a good reading of theirs belongs
to the top of the scale. One in ten of the sentences from `fortunes` is kept for tests (`--test`), and so are
some of the voices; nothing is learnt from either.
"""

from __future__ import annotations

import argparse
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr  # pyright: ignore[reportMissingTypeStubs]

from enunciate.audio import SAMPLE_RATE_HZ
from enunciate.corpus.synthetic.mispronunciations import VOWELS, Change, LearnerErrors, mispronounce
from enunciate.corpus.synthetic.neural_clip import PREFIX, Kind, NeuralClip, Word, write_neural
from enunciate.corpus.synthetic.neural_voices import (
    ENGINES,
    KOKORO_TEST_VOICES,
    KOKORO_VOICES,
    Floats,
    NeuralEngine,
    NeuralVoice,
    start_voice,
    voice_ipa,
)
from enunciate.corpus.synthetic.sentences import (
    TextMix,
    TextSources,
    read_dictionary,
    read_fortunes,
    read_sentences,
    sentences,
)
from enunciate.errors import CorpusError
from enunciate.phones import Lexicon, strip_stress

_KINDS: tuple[Kind, ...] = ("good", "wrong", "hesitant")
_KIND_SHARES = (0.5, 0.35, 0.15)
_MIX = TextMix(everyday=0.4, given=0.15, dictionary=0.1, fortunes=0.35)
_MAX_WORDS = 18
_MIN_S, _MAX_S = 0.375, 14.0
_MAX_HESITANT_S = 15.0
_PAUSE_SHARE = 0.45
"""Share of word boundaries of a hesitant reading that get a pause."""
_HELD_OUT = 10
"""One in this many sentences of `fortunes` is kept for tests."""
_REDUCED = frozenset(
    (
        "a an the to of and in on at for is are was were be been am i you he she it we they my your his her "
        "our their this that but or as if from with by do does did can could will would shall should may "
        "might must has have had not"
    ).split()
)
"""Function words, which are read without stress."""


@dataclass(frozen=True)
class NeuralOptions:
    """The options of a run."""

    engine: NeuralEngine
    minutes: float
    seed: int
    test: bool = False
    """Read the sentences that are kept for tests, with voices that are."""
    voices: tuple[str, ...] = ()
    """Voices of Kokoro; by default those to learn from, or those for tests."""
    styles: Path | None = None
    """The folder `voices` of npm's `kokoro-js`, for Kokoro's English voices."""
    sources: TextSources = field(default_factory=TextSources)
    errors: LearnerErrors = field(default_factory=lambda: LearnerErrors(min_rate=0.01, max_rate=0.25))
    """Each clip has at least one error, and many have only one, so that a single error has its price."""

    @property
    def name(self) -> str:
        """The name of the set of clips."""
        return f"{self.engine}-{'test' if self.test else 'train'}-{self.seed}"


def is_held_out(text: str) -> bool:
    """Whether a sentence is kept for tests."""
    return zlib.crc32(text.lower().encode()) % _HELD_OUT == 0


def texts_of(options: NeuralOptions, rng: random.Random) -> Iterator[str]:
    """Yield sentences to read, in lower case.

    Raises:
        CorpusError: Sentences for tests are wanted, and there are none.
    """
    held = [text for text in options.sources.fortunes if is_held_out(text)]
    if not options.test:
        learn = tuple(text for text in options.sources.fortunes if not is_held_out(text))
        sources = TextSources(options.sources.given, options.sources.dictionary, learn)
        yield from sentences(_MIX, sources, rng)
    if not held:
        raise CorpusError(
            "no sentences for tests: they are those of Debian's package fortunes; install it, or unpack it "
            "into a folder and name it with --root"
        )
    while True:
        yield rng.choice(held).lower()


def canonical_words(text: str, lexicon: Lexicon) -> tuple[Word, ...]:
    """Return the words of a sentence with their phones; empty where a word is unknown, or there are too many.

    Function words are without stress.
    """
    split = [word.strip("',.-") for word in text.replace("-", " ").split()]
    words = [word for word in split if word]
    variants = [lexicon.lookup(word) for word in words]
    if not all(variants) or len(words) > _MAX_WORDS:
        return ()
    return tuple(
        (word, tuple(map(_unstressed, own[0])) if word in _REDUCED else own[0])
        for word, own in zip(words, variants, strict=True)
    )


def _unstressed(phone: str) -> str:
    return phone if strip_stress(phone) == phone else strip_stress(phone) + "0"


def said_phones(words: Sequence[Word], kind: Kind, errors: LearnerErrors, rng: random.Random) -> list[Change]:
    """Return what is said for each canonical phone: mispronounced in a reading of the kind `wrong`."""
    flat = [strip_stress(phone) for _, phones in words for phone in phones]
    final = [index == len(phones) - 1 for _, phones in words for index in range(len(phones))]
    if kind == "wrong":
        return mispronounce(flat, final, errors, rng)
    return [(phone,) for phone in flat]


def signs_of(
    words: Sequence[Word], said: Sequence[Change], kind: Kind, engine: NeuralEngine, rng: random.Random
) -> str:
    """Return what a voice is told: IPA signs, with punctuation where it is to pause."""
    changes = iter(said)
    spoken = [
        "".join(voice_ipa(_marked(sound, phone), engine) for phone in phones for sound in next(changes))
        for _, phones in words
    ]
    signs = spoken[0]
    for word in spoken[1:]:
        pauses = kind == "hesitant" and rng.random() < _PAUSE_SHARE
        signs += (rng.choice([", ", "... ", ", "]) if pauses else " ") + word
    return signs + (rng.choice([".", ".", ".", "", "!", "?"]) if kind != "good" else ".")


def _marked(sound: str, canonical: str) -> str:
    """Give a vowel the stress of the canonical phone that it is said for."""
    if sound not in VOWELS:
        return sound
    return sound + (canonical[-1] if canonical[-1] in "012" else "0")


def make_clips(options: NeuralOptions, voice: NeuralVoice) -> Iterator[NeuralClip]:
    """Yield clips until they hold the minutes that are wanted. The same options give the same clips."""
    rng = random.Random(options.seed)
    lexicon = Lexicon.default()
    texts = texts_of(options, rng)
    made_s, count = 0.0, 0
    while made_s < options.minutes * 60:
        text = next(texts)
        words = canonical_words(text, lexicon)
        if not words:
            continue
        kind = rng.choices(_KINDS, _KIND_SHARES)[0]
        said = said_phones(words, kind, options.errors, rng)
        speed = rng.uniform(0.55, 0.8) if kind == "hesitant" else rng.uniform(0.85, 1.25)
        samples, name = voice.say(signs_of(words, said, kind, options.engine, rng), speed, rng)
        finished = _finish(samples, voice.rate_hz, kind, rng)
        if finished is None:
            continue
        key = f"{PREFIX}{options.name}-{count}"
        yield NeuralClip(
            key, options.engine, name, kind, text, speed, options.test, words, tuple(said), finished
        )
        made_s += len(finished) / SAMPLE_RATE_HZ
        count += 1


def _finish(samples: Floats, rate_hz: int, kind: Kind, rng: random.Random) -> npt.NDArray[np.int16] | None:
    """Bring speech to 16 kHz and a random level; None where it is too short or too long."""
    resampled: Floats = soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ)
    length_s = len(resampled) / SAMPLE_RATE_HZ
    if kind != "hesitant" and length_s >= _MAX_S:
        return None
    peak = rng.uniform(0.2, 0.9) * 32_767
    if not _MIN_S <= length_s <= _MAX_HESITANT_S:
        return None
    scaled = resampled / max(float(np.abs(resampled).max()), 1e-4) * peak
    return np.clip(scaled, -32_768, 32_767).astype(np.int16)


def make_set(options: NeuralOptions, folder: Path) -> int:
    """Write a set of clips into a folder, and return how many there are.

    Raises:
        CorpusError: The packages of the voice are not installed, or there is nothing to read.
    """
    voices = options.voices or (KOKORO_TEST_VOICES if options.test else KOKORO_VOICES)
    clips = list(make_clips(options, start_voice(options.engine, voices, options.styles)))
    write_neural(clips, folder, options.name)
    return len(clips)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and make a set of clips."""
    parser = argparse.ArgumentParser(description="Make speech of neural voices.")
    parser.add_argument("out", type=Path, help="folder for the clips")
    parser.add_argument("--voice", choices=ENGINES, required=True)
    parser.add_argument("--voices", nargs="+", default=(), help="voices of Kokoro")
    parser.add_argument("--styles", type=Path, help="folder 'voices' of npm's kokoro-js")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--test", action="store_true", help="the sentences and voices that are kept for tests"
    )
    parser.add_argument("--root", type=Path, default=Path("/"), help="folder with the unpacked fortunes")
    parser.add_argument("--sentences", type=Path, help="text file, one sentence per line")
    parser.add_argument("--dictionary", type=Path, help="pronunciation dictionary in CMUdict's format")
    given = parser.parse_args(arguments)
    sources = TextSources(
        given=read_sentences(given.sentences) if given.sentences else (),
        dictionary=read_dictionary(given.dictionary) if given.dictionary else (),
        fortunes=read_fortunes(given.root),
    )
    options = NeuralOptions(
        given.voice, given.minutes, given.seed, given.test, tuple(given.voices), given.styles, sources
    )
    print(f"{make_set(options, given.out)} clips in {given.out}")


if __name__ == "__main__":
    main()
