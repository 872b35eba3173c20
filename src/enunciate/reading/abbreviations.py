"""Titles and abbreviations."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import distinct
from enunciate.reading.rule import Found, Rule

_ANYWHERE = {
    "mr": "mister", "mrs": "missus", "dr": "doctor/drive", "prof": "professor", "etc": "et cetera/etcetera",
    "vs": "versus/V S", "approx": "approximately", "dept": "department", "govt": "government",
    "blvd": "boulevard", "jr": "junior", "sr": "senior", "ltd": "limited", "bldg": "building",
    "sgt": "sergeant", "asap": "as soon as possible/A S A P", "aka": "also known as/A K A", "pls": "please",
    "thx": "thanks", "btw": "by the way/B T W", "hwy": "highway", "appt": "appointment",
    "abbr": "abbreviation", "incl": "included/including", "attn": "attention", "encl": "enclosed/enclosure",
    "ctrl": "control", "idk": "I D K/i don't know", "brb": "B R B/be right back", "ur": "your/you're",
    "tmrw": "tomorrow", "sth": "something", "smth": "something", "sb": "somebody",
    "fyi": "F Y I/for your information", "tbd": "T B D/to be decided",
    "tba": "T B A/to be announced", "imo": "I M O/in my opinion", "omg": "O M G/oh my god",
}  # fmt: skip
"""Read so with a dot and without one."""
_WITH_DOT = {
    "st": "saint/street", "ave": "avenue", "rd": "road", "inc": "incorporated/ink", "corp": "corporation",
    "co": "company", "fig": "figure", "vol": "volume", "p": "page", "pp": "pages", "gen": "general",
    "col": "colonel", "capt": "captain", "lt": "lieutenant", "rev": "reverend", "hon": "honorable",
    "sen": "senator", "rep": "representative", "gov": "governor", "pres": "president", "est": "established",
    "min": "minimum/minute", "max": "maximum", "ed": "edition/editor", "ext": "extension",
    "tel": "telephone", "apt": "apartment", "ch": "chapter", "mt": "mount", "ft": "fort/feet",
    "ca": "circa", "v": "versus", "cf": "compare", "al": "others", "dist": "district",
    "temp": "temperature", "ms": "ms", "cont": "continued", "misc": "miscellaneous", "ref": "reference",
    "sq": "square", "ln": "lane", "pl": "place", "sec": "second/section", "cm": "centimeters", "hr": "hour",
    "hrs": "hours", "mins": "minutes", "secs": "seconds", "oz": "ounces", "lb": "pound", "lbs": "pounds",
    "arr": "arrives/arrival/arriving", "dep": "departs/departure/departing", "c": "circa/about",
    "yr": "year", "yrs": "years", "e": "east", "w": "west", "n": "north", "s": "south",
}  # fmt: skip
"""Read so with a dot only."""
_WORDS_TOO = frozenset("co ed fig gen inc max min ref rep rev temp".split())
"""Abbreviations that are words as well; at the end of a sentence, their dot may be the full stop."""
_BEFORE_A_NAME = {"st": "saint/street", "mt": "mount", "ms": "ms"}
_LATIN = {
    "e.g.": ["for example", "E G", "for instance"],
    "i.e.": ["that is", "I E", "that is to say"],
    "a.m.": ["a.m."],
    "p.m.": ["p.m."],
    "a.k.a.": ["also known as", "A K A"],
}
_SLASHED = {
    "w/o": ["without"],
    "w/": ["with"],
    "c/o": ["care of"],
    "b/w": ["between"],
    "n/a": ["not applicable", "N A"],
    "a/c": ["A C", "air conditioning", "account"],
}


def _abbreviation(found: Found) -> list[str]:
    word, dotted = found["word"].lower(), bool(found["dot"])
    names = _ANYWHERE.get(word) or (_WITH_DOT.get(word) if dotted else None)
    if names is None and found["word"].istitle() and re.match(r"\s[A-Z]", found.after):
        names = _BEFORE_A_NAME.get(word)
    if names is None:
        return []
    if word == "c" and re.search("[0-9](?:st|nd|rd|th) $", found.before):
        return ["century"]
    at_end = not found.after.strip()
    plain = [word] if word in _WORDS_TOO else []
    compass = word in "ensw" and found["word"].isupper()
    if len(word) == 1 and not (compass if at_end else re.match(r"\s?[0-9]|\s[A-Z]", found.after)):
        return []
    if len(word) == 1:  # an initial, more likely than a point of the compass
        letter = [word.upper()]
        return [*letter, *names.split("/")] if word in "ensw" else [*names.split("/"), *letter]
    likely_word = dotted and word in _WITH_DOT and plain and (found["word"].islower() or at_end)
    readings = names.split("/")
    return distinct([*plain, *readings] if likely_word else [*readings, *plain])


def _number(found: Found) -> list[str]:
    sure = found["dot"] and found["word"][0] == "N"
    return ["numbers" if found["many"] else "number", *([] if sure else [found["word"].lower()])]


RULES = (
    Rule(
        "No.",
        re.compile(r"(?P<word>No(?P<many>s?)|no(?=\.))(?P<dot>\.?)(?=\s?[0-9])"),
        _number,
        "She is No. 1.",
        "she is number one",
    ),
    Rule(
        "Latin abbreviation",
        re.compile("|".join(map(re.escape, sorted(_LATIN, key=len, reverse=True))), re.IGNORECASE),
        lambda found: _LATIN[found.text.lower()],
        "Bring food, e.g. bread.",
        "bring food for example bread",
    ),
    Rule(
        "abbreviation with a stroke",
        re.compile("(?:w/o|c/o|n/a|b/w|a/c)(?!\\w)|w/(?=\\s)", re.IGNORECASE),
        lambda found: _SLASHED[found.text.lower()],
        "Tea w/ milk",
        "tea with milk",
    ),
    Rule(
        "abbreviation",
        re.compile(r"(?P<word>[A-Za-z]{1,6})(?P<dot>\.?)(?:(?<=\.)(?=[0-9])|(?![\w'@-]|\.\w))"),
        _abbreviation,
        "Dr. Smith lives on Main St.",
        "doctor smith lives on main street",
    ),
)
WORDS = frozenset({*_ANYWHERE, *_WITH_DOT})
"""All abbreviations in lower case, without dots."""
