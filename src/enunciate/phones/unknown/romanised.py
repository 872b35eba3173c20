"""Names in the Latin letters of other languages: pinyin by syllables, others by letters with fixed sounds.

English readers say "Xiaoming" and "Takeshi" not by English spelling but close to the language it comes from.
Pinyin has a table of its own. Romanised Japanese, Hindi, Arabic, Vietnamese and Spanish share most values of
their letters: vowels as in Italian, and consonants of English but for a few pairs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, product

from enunciate.phones.inventory import is_vowel
from enunciate.phones.lexicon import Variants

Phones = tuple[str, ...]


def _table(pairs: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in pairs.split())


_PINYIN_INITIALS = _table("""
b:B p:P m:M f:F d:D t:T n:N l:L g:G k:K h:HH j:JH q:CH x:SH zh:JH ch:CH sh:SH r:R z:Z c:T,S s:S y:Y w:W
""")
_PINYIN_FINALS = _table("""
a:AA o:OW e:AH ai:AY ei:EY ao:AW ou:OW an:AA,N en:AH,N ang:AA,NG eng:AH,NG ong:UH,NG er:ER
i:IY ia:Y,AA ie:Y,EH iao:Y,AW iu:Y,OW ian:Y,EH,N in:IH,N iang:Y,AA,NG ing:IH,NG iong:Y,UH,NG
u:UW ua:W,AA uo:W,OW uai:W,AY ui:W,EY uan:W,AA,N un:UH,N uang:W,AA,NG ue:W,EH v:UW ve:W,EH
""")
_PINYIN = re.compile(
    "({})?({})(?![aeiouv])".format(
        *("|".join(sorted(table, key=len, reverse=True)) for table in (_PINYIN_INITIALS, _PINYIN_FINALS))
    )
)
_PINYIN_MARKS = re.compile(r"q(?!u[aeio]?[^aeino])|x[iu]|zh|iang|uang|iong|[jlnx]iao|[jlnx]ian")
_PALATAL = frozenset({"j", "q", "x", "y"})
_BUZZING = frozenset({"zh", "ch", "sh", "r", "z", "c", "s"})

_LETTERS = _table("""
tsch:CH sch:SH
aa:AA ai:AY au:AW ay:AY ee:IY ei:EY eu:Y,UW ey:EY ii:IY ie:IY,EH oo:UW ou:OW oi:OY uu:UW ui:W,IY ua:W,AA
bh:B dh:D gh:G jh:JH kh:K ph:F th:T sh:SH ch:CH ts:T,S dz:Z zh:ZH ng:NG,G ny:N,Y ck:K qu:K
ll:L rr:R ss:S nn:N mm:M pp:P tt:T kk:K bb:B dd:D gg:G cc:CH zz:Z hh:HH
a:AA b:B c:K d:D e:EH f:F g:G h:HH i:IY j:JH k:K l:L m:M n:N o:OW p:P q:K r:R s:S t:T u:UW v:V w:W x:S
y:Y z:Z
""")
_LETTER = re.compile("|".join(sorted(_LETTERS, key=len, reverse=True)))


def is_pinyin_like(word: str) -> bool:
    """Whether a word in lower case has letters together that are common in pinyin and rare elsewhere."""
    return bool(_PINYIN_MARKS.search(word)) and bool(pinyin(word))


def pinyin(word: str) -> Variants:
    """Return the pronunciation of a word in lower case that consists of syllables of pinyin; else none."""
    phones: list[str] = []
    position = 0
    while position < len(word):
        match = _PINYIN.match(word, position)
        if match is None:
            return ()
        initial, final = match.group(1) or "", match.group(2)
        end = match.end()
        # A consonant between vowels begins a syllable.
        if final[-1] in "ng" and len(final) > 1 and end < len(word) and word[end] in "aeiou":
            return ()
        phones += _pinyin_syllable(initial, final, first=position == 0)
        position = end
    return (tuple(phones),)


def _pinyin_syllable(initial: str, final: str, *, first: bool) -> list[str]:
    sounds = _PINYIN_FINALS[final].split(",")
    if final == "i" and initial in _BUZZING:
        sounds = ["ER"] if initial in ("zh", "ch", "sh", "r") else ["IH"]
    if initial in _PALATAL and sounds[0] in ("Y", "W") and final != "uan":
        sounds = sounds[1:] if initial == "y" else sounds
    stress = "1" if first else "0"
    onset = _PINYIN_INITIALS[initial].split(",") if initial else []
    if onset == ["Y"] and sounds[0] in ("IY", "IH") and len(final) > 1:
        onset = []
    return [*onset, *(sound + stress if is_vowel(sound) else sound for sound in sounds)]


def by_letters(word: str) -> Variants:
    """Return the pronunciations of a word in lower case whose letters have the same sound everywhere.

    The stress is on the last syllable but one, or on the last if it ends in a consonant other than n and s. A
    final a is a schwa, a final e is EY or silent, and x is S or K S.
    """
    if not re.fullmatch("[a-z]+", word):
        return ()
    phones = [sound for match in _LETTER.finditer(word) for sound in _LETTERS[match.group()].split(",")]
    vowels = [index for index, phone in enumerate(phones) if is_vowel(phone)]
    if not vowels:
        return ()
    return with_stress([(phone,) for phone in phones], usual_stress(word, vowels), 3)


def usual_stress(word: str, vowels: Sequence[int]) -> int:
    """Return which of the vowels has the stress: the last but one, or the last before most consonants."""
    return vowels[-2] if len(vowels) > 1 and word[-1] in "aeiouns" else vowels[-1]


def with_stress(choices: Sequence[tuple[str, ...]], stressed: int, most: int) -> Variants:
    """Return pronunciations with stress digits; a without stress is a schwa, a final e is EY.

    Args:
        choices: For each sound of the word the phones that it may be.
        stressed: The index of the vowel with the stress.
        most: How many pronunciations at most.
    """
    found: list[tuple[str, ...]] = []
    for index, choice in enumerate(choices):
        final = index == len(choices) - 1
        if not is_vowel(choice[0]):
            found.append(choice)
        elif choice[0] == "AA" and index != stressed:
            found.append(("AH0",) if final else ("AH0", "AA0"))
        elif choice[0] == "EH" and final:
            found.append(("EY0",))
        else:
            found.append((choice[0] + ("1" if index == stressed else "0"),))
    return tuple(islice(product(*found), most))
