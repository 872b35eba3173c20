"""An endless stream of varied sentences for the synthesisers, determined by a seed.

A phone recogniser for learners meets short everyday English, so most sentences come from templates over a
beginner's vocabulary. Random dictionary words add rare phone sequences; sentences of the caller and of
Debian's `fortunes` package add natural wording.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from enunciate.corpus.synthetic.vocabulary import TEMPLATES, WORDS_BY_KIND
from enunciate.errors import CorpusError

FORTUNES_FOLDER = Path("usr/share/games/fortunes")


@dataclass(frozen=True)
class TextMix:
    """The relative frequency of each source of sentences; a source that is empty is left out."""

    everyday: float = 0.55
    given: float = 0.2
    dictionary: float = 0.2
    fortunes: float = 0.05


@dataclass(frozen=True)
class TextSources:
    """Sources of sentences besides the templates."""

    given: tuple[str, ...] = ()
    """Sentences of the caller."""
    dictionary: tuple[str, ...] = ()
    """Words to join at random; the words of the templates where empty."""
    fortunes: tuple[str, ...] = ()
    """Sentences from `fortunes`."""


def _phrases(block: str, kind: str) -> list[str]:
    """Split a block of the vocabulary; a verb keeps its preposition, as in `laughed at`."""
    text = " ".join(block.split())
    if kind in {"past", "doing"}:
        text = re.sub(r" (at|for|of|with|about|to see)\b", lambda match: match[0].replace(" ", "-"), text)
    return [phrase.replace("-", " ") for phrase in text.split()]


_VOCABULARY = {kind: _phrases(block, kind) for kind, block in WORDS_BY_KIND.items()}
_ALL_TEMPLATES = [template for template in re.split(r"[|\n]", TEMPLATES) if template]
_FLAT_TEMPLATES = [template for template in _ALL_TEMPLATES if "{sentence}" not in template]
_NOUN_KINDS = ("animal", "food", "thing", "person", "job", "place")
_SLOT = re.compile(r"\{(\w+)\}")


def vocabulary() -> list[str]:
    """Return all words of the templates, sorted."""
    return sorted({word for words in _VOCABULARY.values() for phrase in words for word in phrase.split()})


def _plural(noun: str) -> str:
    irregular = {"child": "children", "man": "men", "woman": "women", "mouse": "mice", "foot": "feet"}
    irregular |= {"tooth": "teeth", "goose": "geese", "leaf": "leaves", "knife": "knives", "wife": "wives"}
    same = {"sheep", "fish", "deer", "scissors", "trousers", "rice", "money", "policeman", "postman"}
    if noun in irregular or noun in same:
        return irregular.get(noun, noun)
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh", "z", "to")) else "s")


def _slot(kind: str, rng: random.Random) -> str:
    if kind == "sentence":
        return _fill(rng.choice(_FLAT_TEMPLATES), rng)
    if kind in {"noun", "things"}:
        noun = rng.choice(_VOCABULARY[rng.choice(_NOUN_KINDS)])
        return _plural(noun) if kind == "things" else noun
    return rng.choice(_VOCABULARY[kind])


def _fill(template: str, rng: random.Random) -> str:
    return _SLOT.sub(lambda match: _slot(match[1], rng), template)


def everyday_sentence(rng: random.Random) -> str:
    """Draw a short sentence, such as `we call it bear`, mostly of 2 to 12 words."""
    sentence = _fill(rng.choice(_ALL_TEMPLATES), rng)
    return re.sub(r"\ba (?=[aeiou])", "an ", sentence)


def dictionary_words(words: Sequence[str], rng: random.Random) -> str:
    """Draw one to five unrelated words, for phone sequences that are rare in sentences."""
    return " ".join(rng.choice(words) for _ in range(rng.randint(1, 5)))


def sentences(mix: TextMix, sources: TextSources, rng: random.Random) -> Iterator[str]:
    """Yield sentences in lower case without end; the same state of `rng` gives the same sentences."""
    words = sources.dictionary or tuple(vocabulary())
    weights = [
        mix.everyday,
        mix.given if sources.given else 0.0,
        mix.dictionary,
        mix.fortunes if sources.fortunes else 0.0,
    ]
    while True:
        source = rng.choices(("everyday", "given", "dictionary", "fortunes"), weights)[0]
        if source == "everyday":
            yield everyday_sentence(rng)
        elif source == "dictionary":
            yield dictionary_words(words, rng)
        else:
            yield rng.choice(sources.given if source == "given" else sources.fortunes).lower()


def read_sentences(path: Path) -> tuple[str, ...]:
    """Read the sentences of a text file, one per line; blank lines are skipped.

    Raises:
        CorpusError: The file cannot be read or holds no sentence.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CorpusError(f"cannot read the sentences {path}: {error.strerror}") from error
    read = tuple(" ".join(line.split()) for line in lines if line.strip())
    if not read:
        raise CorpusError(f"{path} holds no sentence: write one per line")
    return read


def read_dictionary(path: Path) -> tuple[str, ...]:
    """Read the plain words of a pronunciation dictionary in CMUdict's format (`word P1 P2 ...`).

    Raises:
        CorpusError: The file cannot be read.
    """
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise CorpusError(f"cannot read the dictionary {path}: {error.strerror}") from error
    words = (line.split(maxsplit=1)[0].lower() for line in lines if line[:1].isalpha())
    return tuple(sorted({word for word in words if word.isalpha() and 2 <= len(word) <= 14}))


def read_fortunes(root: Path) -> tuple[str, ...]:
    """Read plain sentences of 3 to 14 words from Debian's `fortunes`; none where it is not under `root`."""
    files = sorted(
        path for path in (root / FORTUNES_FOLDER).glob("*") if path.suffix == "" and path.is_file()
    )
    chosen: set[str] = set()
    for path in files:
        text = path.read_text(encoding="utf-8", errors="ignore")
        for paragraph in text.split("\n%\n"):
            for sentence in re.split(r"(?<=[.!?])\s+", " ".join(paragraph.split())):
                if re.fullmatch(r"[A-Z][a-z',]*( [A-Za-z][a-z',]*){2,13}[.!?]", sentence):
                    chosen.add(sentence.rstrip(".!?"))
    return tuple(sorted(chosen))
