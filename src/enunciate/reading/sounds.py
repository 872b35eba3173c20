"""Names of sounds: IPA between strokes (/θ/), and letters in quotation marks ("th")."""

from __future__ import annotations

import re

from enunciate.phones.inventory import IPA
from enunciate.reading.alternatives import distinct
from enunciate.reading.rule import Found, Rule

_SIGNS = "".join(sorted({sign for signs in IPA.values() for sign in signs})) + "ˈˌːəɚr"
SOUND = re.compile(rf"(?<!\w)/([{_SIGNS}]+)/(?!\w)")
"""Sounds in IPA between strokes."""
_PHONES = {sign: phone for phone, sign in IPA.items()} | {"ə": "AH0", "ɚ": "ER0", "r": "R", "g": "G"}
_TABLE = """
th θ ð|sh ʃ|ch tʃ k|ph f|wh w|ng ŋ|ck k|gh ɡ f|kn n|gn n|wr r|mb m|qu kw|tch tʃ|dge dʒ|dg dʒ|sch sk ʃ
ee i|ea i ɛ|oo u ʊ|oa oʊ|oe oʊ|ai eɪ|ay eɪ|ei eɪ i|ey i eɪ|ie i aɪ|igh aɪ|oi ɔɪ|oy ɔɪ|ou aʊ u|ow aʊ oʊ
au ɔ|aw ɔ|ew u ju|ue u|ui u|ar ɑr|er ɚ|ir ɝ|ur ɝ|or ɔr|ear ɪr|air ɛr
tion ʃən|sion ʒən ʃən|ing ɪŋ|ed ɛd d t ɪd|es ɪz z|ly li|ness nəs|less ləs|ful fəl|able əbəl|ment mənt
a æ eɪ|b b|c k s|d d|e ɛ i|f f|g ɡ dʒ|h h|i ɪ aɪ|j dʒ|k k|l l|m m|n n|o ɑ oʊ|p p|q kw|r r|s s z|t t
u ʌ ju|v v|w w|x ks|y j|z z
"""
_SOUNDS_OF = {line.split()[0]: line.split()[1:] for line in _TABLE.replace("\n", "|").split("|") if line}


def phones_of(sounds: str) -> tuple[str, ...]:
    """Return the phones of IPA signs between strokes; none where some are not in the inventory."""
    rest, phones = re.sub("[ˈˌː/]", "", sounds), list[str]()
    while rest:
        length = 2 if rest[:2] in _PHONES else 1
        if rest[:length] not in _PHONES:
            return ()
        phones.append(_PHONES[rest[:length]])
        rest = rest[length:]
    return tuple(phones)


def _sound(found: Found) -> list[str]:
    return [found.text] if phones_of(found.text) else []


def _letters(found: Found) -> list[str]:
    letters = found.text.lower()
    sounds = [f"/{sound}/" for sound in _SOUNDS_OF.get(letters, ())]
    spelt, known = " ".join(letters.upper()), found.knows(letters)
    if letters == "n" and found.before.endswith("'"):
        return []  # as in "rock 'n' roll"
    if not sounds:
        return [] if known else [letters, spelt]
    word = [letters] if len(letters) > 1 and known and re.search("[aeiou]", letters) else []
    return distinct([spelt, *word, *sounds])


_ENDINGS = "tion|sion|ed|e?s|ing|er|or|ly|ness|less|ful|able|ment"
RULES = (
    Rule("sound", SOUND, _sound, "Say /θ/ now.", "say /θ/ now"),
    Rule(
        "letters in quotation marks",
        re.compile(r"(?:\"|(?<!\w)')[a-z]{1,5}(?=['\"](?!\w))", re.IGNORECASE),
        _letters,
        'The "th" of "think"',
        "the T H of think",
        each=re.compile("[A-Za-z]+"),
    ),
    Rule(
        "ending of a word",
        re.compile(rf"(?<![\w-])-(?:{_ENDINGS})(?![\w'-])"),
        _letters,
        "The ending -tion",
        "the ending /ʃən/",
        each=re.compile("[a-z]+"),
    ),
)
