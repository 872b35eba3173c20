"""British pronunciations, derived from those of CMUdict, which are American.

Rules cover what differs throughout: r before a consonant or a pause, the vowels of BATH and LOT, /j/ in
"new", and the endings -ary, -ory, -ile. A table has words that no rule gives. The phone set is that of
American English, so the vowel of LOT is AO, that of NURSE stays ER, and NEAR and CURE end in a schwa.
"""

from __future__ import annotations

import re

from enunciate.phones.inventory import is_vowel, strip_stress
from enunciate.phones.pronunciation import Pronunciation, distinct
from enunciate.schema import Accent

Phones = tuple[str, ...]

_TABLE = {
    word: tuple(tuple(form.split()) for form in forms.split("|"))
    for word, forms in (
        line.split(maxsplit=1)
        for line in """
advertisement AH0 D V ER1 T IH0 S M AH0 N T
ate           EH1 T | EY1 T
banana        B AH0 N AA1 N AH0
been          B IY1 N | B IH1 N
borough       B AH1 R AH0
clerk         K L AA1 K
derby         D AA1 B IY0
either        AY1 DH AH0 | IY1 DH AH0
figure        F IH1 G AH0
garage        G AE1 R AA0 ZH | G AE1 R IH0 JH
glacier       G L AE1 S IY0 AH0
herb          HH ER1 B
herbs         HH ER1 B Z
laboratory    L AH0 B AO1 R AH0 T R IY0
leisure       L EH1 ZH AH0
lieutenant    L EH0 F T EH1 N AH0 N T
neither       N AY1 DH AH0 | N IY1 DH AH0
patent        P EY1 T AH0 N T
poor          P AO1 | P UH1 AH0
privacy       P R IH1 V AH0 S IY0
progress      P R OW1 G R EH2 S
rather        R AA1 DH AH0
route         R UW1 T
schedule      SH EH1 D Y UW0 L | SH EH1 JH UW0 L | S K EH1 JH UW0 L
shone         SH AO1 N
sure          SH AO1 | SH UH1 AH0
thorough      TH AH1 R AH0
tomato        T AH0 M AA1 T OW0
tomatoes      T AH0 M AA1 T OW0 Z
vase          V AA1 Z
vitamin       V IH1 T AH0 M IH0 N
vitamins      V IH1 T AH0 M IH0 N Z
yoghurt       Y AO1 G AH0 T
yogurt        Y AO1 G AH0 T
z             Z EH1 D
zebra         Z EH1 B R AH0
""".strip().splitlines()
    )
}
_BATH = re.compile(
    r"^(?:a(?:fter|dvan[ct]|nswer|sk)|aunt|ba(?:sket|th)|bl?ast|br(?:anch|ass)|ca(?:lf|n't|st)|c[hl](?:an[ct]|ass)"
    r"|command|craft|dan[ct]e?|demand|disast|dra(?:ft|ught)|enhanc|example|fast|fl?ask|france|gl?ass|gra(?:nt|ph|ss|sp)"
    r"|half|la(?:st|ugh)|mas[kt]|nast|pa(?:ss|st|th)|pl?ant|plaster|raft|ranch|reprimand|sample|shaft|slander"
    r"|ta?sk|trans|vast|(?:photo|para|tele)graph)"
)
_YOD_SPELLINGS = re.compile(r"u|ew|eu")
_WEAK_ENDINGS = (("ary", "EH2"), ("ory", "AO2"), ("ery", "EH2"), ("mony", "OW2"))
_MOST = 4


def accented(word: str, known: tuple[Pronunciation, ...], accent: Accent) -> tuple[Pronunciation, ...]:
    """Return the pronunciations of a word in an accent, those of the dictionary given.

    Args:
        word: As written.
        known: Its American pronunciations.
        accent: "us" leaves them; "gb" replaces them by British ones where these differ; "any" has both.
    """
    if accent == "us" or any(one.kind != "citation" for one in known):
        return known
    british = _british(word.lower(), known)
    if accent == "gb":
        return british
    return distinct((known[0], *(one for one in british if one.kind == "british"), *known[1:]))


def has_bath_vowel(word: str) -> bool:
    """Whether a word, as written, has the vowel of "father" where American English has that of "trap"."""
    return bool(_BATH.match(word.lower()))


def _british(word: str, known: tuple[Pronunciation, ...]) -> tuple[Pronunciation, ...]:
    """Return British pronunciations; those that are American as well keep their kind."""
    american = {one.bare for one in known}
    forms = _TABLE.get(word) or tuple(form for one in known for form in _by_rules(word, one.phones))
    found = (Pronunciation(form) for form in forms)
    return distinct(one if one.bare in american else Pronunciation(one.phones, "british") for one in found)[
        :_MOST
    ]


def _by_rules(word: str, phones: Phones) -> list[Phones]:
    """Return the British forms of one American pronunciation, the usual one first."""
    form = _vowels(word, phones)
    forms = [_without_r(_endings(word, form))]
    if "L" in forms[0] or form != phones:
        forms.append(_without_r(form))
    with_r = _without_r(form, keep_last=True)
    return [*dict.fromkeys((*_with_yod(word, forms[0]), *forms, with_r))]


def _vowels(word: str, phones: Phones) -> Phones:
    """BATH as in "father", LOT with its own vowel."""
    bath = has_bath_vowel(word)
    changed: list[str] = []
    for index, phone in enumerate(phones):
        after = phones[index + 1] if index + 1 < len(phones) else ""
        if phone == "AE1" and bath:
            changed.append("AA1")
        elif phone[:2] == "AA" and after != "R" and re.search(r"o|wa|qua", word):
            changed.append("AO" + phone[2:])
        else:
            changed.append(phone)
    return tuple(changed)


def _endings(word: str, phones: Phones) -> Phones:
    """As in "secretary", "territory", "fragile": the vowel before the end is weak, or full."""
    for ending, vowel in _WEAK_ENDINGS:
        if word.endswith(ending) and vowel in phones[-4:]:
            index = len(phones) - 1 - phones[::-1].index(vowel)
            return (*phones[:index], "AH0", *phones[index + 1 :])
    if word.endswith("ile") and phones[-2:] == ("AH0", "L"):
        return (*phones[:-2], "AY2", "L")
    return phones


def _without_r(phones: Phones, *, keep_last: bool = False) -> Phones:
    """Drop each r that no vowel follows; the last one stays where a vowel begins the next word."""
    said: list[str] = []
    for index, phone in enumerate(phones):
        last = index == len(phones) - 1
        before_vowel = is_vowel(phones[index + 1]) if not last else keep_last
        if phone == "ER0":
            said += ["AH0", "R"] if before_vowel else ["AH0"]
        elif phone != "R" or before_vowel or not said or not is_vowel(said[-1]):
            said.append(phone)
        elif strip_stress(said[-1]) in ("IH", "IY", "UH", "AY", "AW"):
            said.append("AH0")
    return tuple(said)


def _with_yod(word: str, phones: Phones) -> list[Phones]:
    """As in "new", "Tuesday", "duty": /j/ after t, d and n, with which t and d may melt."""
    if not _YOD_SPELLINGS.search(word) or "oo" in word or "wo" in word:
        return []
    found: list[Phones] = []
    for index in range(len(phones) - 1):
        consonant, vowel = phones[index : index + 2]
        if vowel[:2] == "UW" and consonant in ("T", "D", "N"):
            found.append((*phones[: index + 1], "Y", *phones[index + 1 :]))
            if melted := {"T": "CH", "D": "JH"}.get(consonant):
                found.append((*phones[:index], melted, *phones[index + 1 :]))
    return found
