"""How good are the guesses of words that the lexicon lacks?

    python benchmarks/unknown_words.py

500 words of CMUdict that the letter-to-sound model has not learnt from are guessed by the model alone and by
the whole of `phones.unknown`, and compared with the dictionary without stress. With `names` (PyPI) installed,
those of them that are names in the census of the United States are counted apart; with `g2p-en`, its model,
which has learnt from all of CMUdict, guesses the same words; with `wordfreq`, the 20,000 commonest words of
the language are looked up.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from types import ModuleType
from typing import Any
from unittest import mock

from enunciate.phones import Lexicon
from enunciate.phones.letter_to_sound import packaged_letter_to_sound
from enunciate.phones.lexicon import Variants
from enunciate.phones.training.letter_to_sound import N_BEST, held_out, measure, trainable_words
from enunciate.phones.unknown.guess import guess


def main() -> None:
    """Print a line for each way to guess."""
    lexicon = Lexicon.default()
    words = trainable_words(lexicon.entries())
    kept = held_out(words)
    truth = {word: words[word] for word in kept}
    names = set(kept) & census_names()
    model = packaged_letter_to_sound()

    def lookup(word: str) -> Variants:
        return () if word.lower() in truth else lexicon.lookup(word)

    ways: dict[str, Mapping[str, Sequence[Sequence[str]]]] = {
        "letter-to-sound model": {w: [g.phones for g in model.guess(w, N_BEST)] for w in kept},
        "all of phones.unknown": {w: [p.phones for p in guess(w, lookup)] for w in kept},
    }
    if other := g2p_en():
        ways["g2p-en"] = {word: [other(word)] for word in kept}
    for label, guesses in ways.items():
        print(f"{label:24} {measure(guesses, truth)}")
        if names:
            print(f"{'  names alone':24} {measure(guesses, {word: truth[word] for word in names})}")
    frequent(lexicon)


def census_names() -> set[str]:
    """Return the names of the census in lower case; none without the package `names`."""
    try:
        files = resources.files("names")
    except ModuleNotFoundError:
        return set()
    lists = ("dist.all.last", "dist.male.first", "dist.female.first")
    return {line.split()[0].lower() for name in lists for line in (files / name).read_text().splitlines()}


def g2p_en() -> Any:
    """Return the function of g2p-en that guesses a word; its taggers and dictionary are not needed."""
    nltk = mock.MagicMock()
    modules = {"nltk": nltk, "nltk.corpus": nltk.corpus, "nltk.tokenize": nltk.tokenize}
    with mock.patch.dict("sys.modules", modules):
        try:
            module: ModuleType = importlib.import_module("g2p_en.g2p")
        except ModuleNotFoundError:
            return None
        return module.G2p().predict


def frequent(lexicon: Lexicon, n: int = 20_000) -> None:
    """Print how the most frequent words are found."""
    try:
        wordfreq: Any = importlib.import_module("wordfreq")
    except ModuleNotFoundError:
        return
    found: Counter[str] = Counter()
    for word in wordfreq.top_n_list("en", n):
        if lexicon.lookup(word):
            found["in the lexicon"] += 1
        elif not any(letter.isascii() and letter.isalpha() for letter in word):
            found["numbers and signs"] += 1
        else:
            ways = lexicon.pronunciations(word)
            found["refused" if not ways else "guessed" if ways[0].guessed else "derived"] += 1
    print(f"{n} most frequent words: {dict(found)}")


if __name__ == "__main__":
    main()
