"""Spanish words by their letters, as good readers of English say them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from enunciate.phones.inventory import is_vowel
from enunciate.phones.lexicon import Variants
from enunciate.phones.unknown.romanised import usual_stress, with_stress

_MOST = 4
_LETTERS: tuple[tuple[str, tuple[str, ...]], ...] = tuple(
    (letters, tuple(sounds.split("/")))
    for letters, sounds in (
        line.split(maxsplit=1)
        for line in """
ch CH
ll Y
rr R
qu(?=[ei]) K
gu(?=[ei]) G
gü G W
ñ N Y
c(?=[ei]) S
g(?=[ei]) HH
h(?!$)
i(?=[aeo](?!$)) Y
u(?=[aeio]) W
ai AY
ay AY
ei EY
ey EY
au AW
oi OY
oy OY
b B
c K
d D
f F
g G
j HH
k K
l L
m M
n N
p P
q K
r R
s S
t T
v V
w W
x HH/S/Z
y(?=[aeiou]) Y
y IY
z Z/S
a AA
e EH
i IY
o OW
u UW
""".strip().splitlines()
        for line in [line if " " in line else line + " _"]
    )
)
_LETTER = re.compile("|".join(f"({letters})" for letters, _ in _LETTERS))
_MARKED = re.compile("ñ|[áíóú]|ez$")
_SHAPED = re.compile("[a-z]*(?:j[aeou]|ll[aeo]|ñ|[aeiou]x[aeo]|^x[aio]|z[ao])[a-z]*(?<=[aos])")


def spanish(word: str) -> Variants:
    """Return the pronunciations of a word as typed, if its marks or letters may well be Spanish."""
    lower = unicodedata.normalize("NFC", word.lower())
    if not (_MARKED.search(lower) or _SHAPED.fullmatch(lower)):
        return ()
    plain = lower.translate(str.maketrans("áéíóú", "aeiou"))
    choices: list[tuple[str, ...]] = []
    starts: list[int] = []
    position = 0
    while position < len(plain):
        match = _LETTER.match(plain, position)
        if match is None or match.lastindex is None:
            return ()
        sounds = tuple(sound for sound in _LETTERS[match.lastindex - 1][1] if sound != "_")
        for part in zip(*(sound.split() for sound in sounds), strict=True):
            choices.append(tuple(dict.fromkeys(part)))
            starts.append(position)
        position = match.end()
    vowels = [index for index, choice in enumerate(choices) if is_vowel(choice[0])]
    if not vowels:
        return ()
    return with_stress(choices, _stressed_vowel(lower, starts, vowels), _MOST)


def _stressed_vowel(word: str, starts: Sequence[int], vowels: Sequence[int]) -> int:
    """Return the index of the sound with the stress: where the mark is, or else by the last letter."""
    marked = [index for index in vowels if re.match("[^\\W\\d_]?[áéíóú]", word[starts[index] :])]
    if marked:
        return marked[0]
    return usual_stress(word, vowels)
