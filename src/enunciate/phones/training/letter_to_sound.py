"""Train the letter-to-sound model on CMUdict, and measure it on words that it has not seen.

python -m enunciate.phones.training.letter_to_sound src/enunciate/phones/data/letter_to_sound.npz

500 words are held out of the training, the same ones each time, so that the model that ships can be measured
on them. Word error is the share of words whose first guess is none of the dictionary's pronunciations; phone
error is its edit distance to the nearest, per phone; both without stress.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from enunciate.phones.alignment import edit_distance
from enunciate.phones.inventory import strip_stress
from enunciate.phones.letter_to_sound import END, LETTERS, LetterToSound
from enunciate.phones.lexicon import Lexicon, Variants
from enunciate.phones.training.ngrams import estimate_ngrams
from enunciate.phones.training.spelling_alignment import align_spellings

log = logging.getLogger(__name__)

ORDER = 8
LEAST_COUNTS = (1, 1, 1, 1, 1, 2, 2, 2)
"""For n-grams of one token, two, and so on: rarer ones are left out, for the size."""
RAREST_TOKEN = 3
"""A letter with phones that it stands for less often is an error of alignment, or an abbreviation."""
HELD_OUT, SEED = 500, 1
N_BEST = 8

Token = tuple[str, tuple[str, ...]]
"""A letter and the phones that it stands for."""


@dataclass(frozen=True)
class Errors:
    """How well a model guesses N words."""

    n_words: int
    word: float
    """Share of the words whose first guess is wrong."""
    phone: float
    """Phone error rate of the first guesses."""
    among: float
    """Share of the words of which some guess is right."""


def trainable_words(entries: Iterable[tuple[str, Variants]]) -> dict[str, Variants]:
    """Keep the words of plain letters that are not spelt letter by letter."""
    return {
        word: variants
        for word, variants in entries
        if word.isascii() and word.isalpha() and (len(word) > 3 or any(letter in "aeiouy" for letter in word))
    }


def held_out(words: Iterable[str]) -> list[str]:
    """Choose the words that are kept for measuring."""
    return random.Random(SEED).sample(sorted(words), HELD_OUT)


def train(words: Mapping[str, Variants], path: Path) -> None:
    """Train on all pronunciations of words, and write the model."""
    pairs = [(word, phones) for word, variants in words.items() for phones in variants]
    symbols = sorted({phone for _, phones in pairs for phone in phones})
    number = {symbol: index for index, symbol in enumerate(symbols)}
    aligned = align_spellings(
        [[LETTERS.index(letter) for letter in word] for word, _ in pairs],
        [[number[phone] for phone in phones] for _, phones in pairs],
        len(LETTERS),
        len(symbols),
    )
    sentences: list[list[Token]] = []
    for (word, _), groups in zip(pairs, aligned, strict=True):
        if groups is not None:
            tokens = [
                (letter, tuple(symbols[k] for k in group)) for letter, group in zip(word, groups, strict=True)
            ]
            sentences.append([*tokens, (END, ())])
    counts = Counter(token for sentence in sentences for token in sentence)
    sentences = [s for s in sentences if all(counts[token] >= RAREST_TOKEN for token in s)]
    table = sorted({token for sentence in sentences for token in sentence})
    token_number = {token: index for index, token in enumerate(table, start=1)}
    kept = [[token_number[token] for token in sentence] for sentence in sentences]
    log.info("%d of %d pronunciations, %d tokens", len(kept), len(pairs), len(table))
    arrays = estimate_ngrams(kept, len(table) + 1, ORDER, LEAST_COUNTS)
    arrays["vocabulary"] = np.frombuffer(json.dumps(table).encode("utf-8"), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **cast("dict[str, Any]", arrays))
    sizes = {k: len(arrays[f"tokens_{k}"]) for k in range(1, ORDER + 1)}
    log.info("n-grams %s, %.2f MB", sizes, path.stat().st_size / 1e6)


def measure(guesses: Mapping[str, Sequence[Sequence[str]]], truth: Mapping[str, Variants]) -> Errors:
    """Compare guesses of words with their pronunciations, without stress."""
    wrong = edits = phones = found = 0
    for word, variants in truth.items():
        right = {tuple(map(strip_stress, variant)) for variant in variants}
        given = [tuple(map(strip_stress, guess)) for guess in guesses[word]]
        first = given[0] if given else ()
        nearest = min(right, key=lambda variant: edit_distance(variant, first))
        wrong += first not in right
        found += any(guess in right for guess in given)
        edits += edit_distance(nearest, first)
        phones += len(nearest)
    n = len(truth)
    return Errors(n, wrong / n, edits / phones, found / n)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, write the model and print its errors."""
    parser = argparse.ArgumentParser(description="Train the letter-to-sound model on CMUdict.")
    parser.add_argument("out", type=Path, help="the file of the model")
    parser.add_argument("--measure-only", action="store_true", help="measure a model that is there")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    words = trainable_words(Lexicon.default().entries())
    kept = held_out(words)
    if not given.measure_only:
        train({word: variants for word, variants in words.items() if word not in set(kept)}, given.out)
    model = LetterToSound(given.out)
    guesses = {word: [guess.phones for guess in model.guess(word, N_BEST)] for word in kept}
    print(measure(guesses, {word: words[word] for word in kept}))


if __name__ == "__main__":
    main()
