"""Letters said one by one or as a word: initialisms, acronyms, letters with figures, Roman numerals."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import distinct, joined
from enunciate.reading.number_readings import cardinals, in_pairs, one_by_one, ordinals, whole_numbers
from enunciate.reading.rule import Found, Rule, follows

_LONGEST_SPELT = 4
"""A word of the lexicon in capitals is spelt out up to this length; a longer one is emphasised."""
_VOWEL = re.compile("[aeiouy]", re.IGNORECASE)
_ROMAN = re.compile(r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_NUMBERED = follows(
    "war|chapter|part|volume|vol|act|scene|section|book|type|phase|bowl|grade|class|level|stage|episode|version|mark|"
    "1st|2nd|first|second|title|article|apollo|rocky|schedule|appendix|unit|lesson"
)
_RULERS = follows(
    "king|queen|pope|emperor|tsar|henry|louis|elizabeth|george|charles|edward|william|richard|james|paul|pius|"
    "benedict|catherine|napoleon|philip|alexander|nicholas|francis|leo|gregory|frederick|peter|john|mary|ramses"
)


def spelt(letters: str) -> str:
    """Return letters as words of one capital each, which is how a reading names them: "U S A"."""
    return " ".join(letters.upper())


def roman_value(numeral: str) -> int:
    """Return the value of a Roman numeral, which must be well formed."""
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _roman(found: Found) -> list[str]:
    numeral, ending = found["numeral"], found["ending"]
    numbered, ruler = _NUMBERED.search(found.before), _RULERS.search(found.before)
    word = numeral.lower()
    if found.shouted and (found.knows(word) or len(numeral) == 1):
        return []
    if not (numbered or ruler) and (len(numeral) == 1 or (len(numeral) == 2 and found.knows(word))):
        return []
    if len(numeral) == 1 and numeral != "I" and numeral not in "VX":
        return []
    if numeral == "I" and not re.search(r"[A-Z]\w*\s$", found.before):
        return []
    if ending and not ruler:
        return []
    value = roman_value(numeral)
    number, rank = cardinals(value)[:1], ordinals(value)[0]
    spoken = [f"the {rank}", *number, rank] if ruler else [*number, f"the {rank}", rank]
    if ending:
        return [reading + ending for reading in spoken]
    if len(numeral) == 1:
        return [*spoken, spelt(numeral)]
    return distinct([*spoken, *([word] if found.knows(word) else []), spelt(numeral)])


def _initialism(found: Found) -> list[str]:
    letters, ending = found["letters"], found["ending"]
    word = (letters + ending).lower()
    known = found.knows(word) or (ending != "" and found.knows(letters.lower()))
    if found.shouted and (known or (len(letters) > 3 and _VOWEL.search(letters))):
        return []
    if known and len(letters) > _LONGEST_SPELT:
        return []
    spelling = spelt(letters) + ending.replace("'", "").lower()
    if known:
        return [word, spelling]
    return [spelling] if not _VOWEL.search(letters) else [spelling, word]


def _dotted(found: Found) -> list[str]:
    letters = found.text.replace(".", "")
    return [*([found.text.lower()] if found.knows(found.text) else []), spelt(letters)]


def part_readings(part: str, found: Found) -> list[str]:
    """Return the readings of a run of letters, or of digits, inside a longer token."""
    if part.isdigit():
        return distinct([whole_numbers(part)[0], *in_pairs(part), *one_by_one(part), *whole_numbers(part)])
    if re.fullmatch("[A-Z]s", part):
        return [part, spelt(part)]
    word = part.lower()
    if not found.knows(word):
        return [spelt(part), *([word] if _VOWEL.search(part) and len(part) > 1 else [])]
    if len(part) > _LONGEST_SPELT or not (part.isupper() or len(part) <= 2):
        return [word]
    return [spelt(part), word] if len(part) <= 2 else [word, spelt(part)]


_REBUS = {
    "gr8": "great", "l8r": "later", "l8": "late", "m8": "mate", "w8": "wait", "h8": "hate", "b4": "before",
    "2day": "today", "2moro": "tomorrow", "2nite": "tonight", "4ever": "forever", "ne1": "anyone",
}  # fmt: skip
"""Words of messages in which figures stand for their sounds."""


def _mixed(found: Found) -> list[str]:
    parts = re.findall("[A-Za-z]+|[0-9]+", found.text)
    word = _REBUS.get(found.text.lower())
    return [*([word] if word else []), *joined(*[part_readings(part, found) for part in parts])]


_MARKS = {"#": "sharp", "++": "plus plus", "+": "plus", "-": "minus", "*": "star"}


def _small_roman(found: Found) -> list[str]:
    return cardinals(roman_value(found.text.upper()))[:1] if _NUMBERED.search(found.before) else []


def _sharp(found: Found) -> list[str]:
    if found["sign"] in "-*" and found["letter"] > "G":
        return []  # no mark of a school: "But I- I didn't"
    return joined(spelt(found["letter"]), _MARKS[found["sign"]])


def _with_strokes(found: Found) -> list[str]:
    first, *others = [part_readings(part, found) for part in found.text.split("/")]
    return distinct(
        reading
        for link in ("", "slash", "or")
        for reading in joined(first, *(piece for part in others for piece in (link, part)))[:8]
    )


def _flat(found: Found) -> list[str]:
    return [f"{found.text[0]} flat", spelt(found.text)]


def _consonants(found: Found) -> list[str]:
    if found.knows(found.text) or _VOWEL.search(found.text):
        return []
    return [spelt(found.text)]


RULES = (
    Rule(
        "Roman numeral",
        re.compile(rf"(?P<numeral>{_ROMAN.pattern})(?P<ending>(?:'s)?)(?!\w|['.-]\w)"),
        _roman,
        "Louis XIV lost World War II.",
        "louis the fourteenth lost world war two",
    ),
    Rule(
        "small Roman numeral",
        re.compile(r"(?=[ivx]{2})x{0,3}(?:ix|iv|v?i{0,3})(?![\w'-])"),
        _small_roman,
        "Read part iii.",
        "read part three",
    ),
    Rule(
        "letters with dots",
        re.compile(r"(?:[^\W\d_]\.){2,}(?!\w)|(?:[^\W\d_]\.){2,}[^\W\d_](?!\w)"),
        _dotted,
        "Is he in the F.B.I.?",
        "is he in the F B I",
    ),
    Rule(
        "letters with a stroke",
        re.compile(r"[A-Z]{1,4}(?:/[A-Z]{1,4}){1,5}(?!\w|/)"),
        _with_strokes,
        "The I/O port",
        "the I O port",
    ),
    Rule(
        "letter with a sign",
        re.compile(r"(?<![\w*])(?P<letter>[A-Z]|[A-Z][a-z](?=\+))(?P<sign>#|\+\+|[+*-])(?![\w+*-])"),
        _sharp,
        "I write C++ and C#.",
        "i write C plus plus and C sharp",
    ),
    Rule(
        "initialism",
        re.compile(r"(?P<letters>[A-Z]{2,6})(?P<ending>(?:'?s)?)(?![\w.]*\w|[-'/]\w)"),
        _initialism,
        "NASA made it in the USA with HTML.",
        "nasa made it in the usa with H T M L",
    ),
    Rule(
        "letters with figures",
        re.compile(
            r"[A-Z][A-Za-z]{0,24}-[0-9]{1,9}(?![\w-])|(?=[0-9]*[A-Za-z])(?=[A-Za-z]*[0-9])[A-Za-z0-9]{2,24}(?!\w)"
        ),
        _mixed,
        "COVID-19 on my MP3 player",
        "covid nineteen on my M P three player",
    ),
    Rule(
        "letters to a power",
        re.compile(r"[a-z]{1,2}(?=\^)"),
        lambda found: [spelt(found.text)],
        "E = mc²",
        "E equals M C squared",
    ),
    Rule(
        "flat note",
        re.compile(r"[A-G]b(?![\w'-])"),
        _flat,
        "Play a Bb.",
        "play a B flat",
    ),
    Rule(
        "consonants",
        re.compile(r"[b-df-hj-np-tv-xz]{2,3}(?![\w'-])", re.IGNORECASE),
        _consonants,
        "The ds file",
        "the D S file",
    ),
)
