"""British spellings of words that the lexicon has in their American form, and a few words that it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from enunciate.phones.lexicon import Variants
from enunciate.phones.unknown.inflections import Lookup

_PAIRS = """
axe ax
cheque check
cosy cozy
draught draft
gaol jail
grey gray
jewellery jewelry
kerb curb
mould mold
moult molt
moustache mustache
mum mom
omelette omelet
plough plow
practise practice
programme program
pyjamas pajamas
sceptic skeptic
smoulder smolder
sulphur sulfur
tonne ton
tyre tire
whisky whiskey
woollen woolen
yoghurt yogurt
"""
_RESPELT = {line.split()[0]: line.split()[1] for line in _PAIRS.strip().splitlines()}
"""Words that no rule turns into their American form."""
_WORDS = {
    "aeroplane": ("EH1 R AH0 P L EY2 N",),
    "aluminium": ("AE2 L Y AH0 M IH1 N IY0 AH0 M", "AE2 L AH0 M IH1 N IY0 AH0 M"),
    "ai": ("EY2 AY1",),
    "covid": ("K OW1 V IH0 D",),
    "emoji": ("IH0 M OW1 JH IY0", "IY0 M OW1 JH IY0"),
    "maths": ("M AE1 TH S",),
    "selfie": ("S EH1 L F IY0",),
    "vlog": ("V L AO1 G", "V L AA1 G"),
    "wifi": ("W AY1 F AY2",),
}
"""Words in daily use that the lexicon lacks, with their pronunciations."""
_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"is(e|es|ed|er|ers|ing|ation|ations|able)$", r"iz\1"),
        (r"ys(e|es|ed|er|ers|ing)$", r"yz\1"),
        (r"our", "or"),
        (r"re(s?)$", r"er\1"),
        (r"red$", "ered"),
        (r"ogue(s?)$", r"og\1"),
        (r"enc(e|es|ed)$", r"ens\1"),
        (r"ll(ed|ing|er|ers|or|ors|ous|ist|ists|ery)$", r"l\1"),
        (r"l(ment|ments|ful|fully|s?)$", r"ll\1"),
        (r"(?<=p)ae(?=d)|(?<=n)ae(?=st|mi|co)|(?<=h)ae(?=m|o)|(?<=k)ae(?=m)|(?<=i)ae(?=v|r)", "e"),
        (r"^oe(?=s)|(?<=f)oe(?=t)|(?<=n)oe(?=uv)|(?<=h)oe(?=a)", "e"),
        (r"mme(s?)$", r"m\1"),
        (r"dgement", "dgment"),
    )
)


def respelt(word: str, lookup: Lookup) -> Variants:
    """Return the pronunciations of a word in lower case by its other spelling, or by the table."""
    if word in _WORDS:
        return tuple(tuple(phones.split()) for phones in _WORDS[word])
    for other in _other_spellings(word):
        if known := lookup(other):
            return known
    return ()


def _other_spellings(word: str) -> Iterator[str]:
    if word in _RESPELT:
        yield _RESPELT[word]
    found = [word]
    for pattern, replacement in _RULES:
        for spelling in list(found):
            other = pattern.sub(replacement, spelling)
            if other not in found:
                found.append(other)
                yield other
