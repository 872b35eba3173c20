"""Dates in figures, and the day and the month beside each other."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import in_turn, joined
from enunciate.reading.number_readings import decades, one_by_one, ordinals, years
from enunciate.reading.numbers import cardinal
from enunciate.reading.rule import Found, Rule, follows

_MONTHS = "january february march april may june july august september october november december".split()
_SHORT = "jan feb mar apr may jun jul aug sept oct nov dec".split()
MONTHS = {name: name for name in _MONTHS} | dict(zip(_SHORT, _MONTHS, strict=True)) | {"sep": "september"}
"""Names of months by their names and abbreviations, in lower case."""
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
"""A pattern of these."""
DAYS = {
    "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "thu": "thursday",
    "thur": "thursday", "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday",
}  # fmt: skip
"""Names of days of the week by their abbreviations, in lower case."""
_DAY = r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?:day|sday|nesday|rsday|urday)?"
_CAPITALISED_MONTH = "|".join(name.title() for name in sorted(MONTHS, key=len, reverse=True))
_AFTER_MONTH = re.compile(rf"(?<!\w)(?:{MONTH})\.?\s$", re.IGNORECASE)
_BEFORE_MONTH = re.compile(rf"\s(?:{MONTH})(?!\w)", re.IGNORECASE)
_AFTER_ARTICLE = follows("the")
_AFTER_DAY = re.compile(r"(?<![\w.])(?:[12]?[0-9]|3[01])\s$")
_AFTER_ORDINAL = re.compile(r"(?<![\w.])(?:[12]?[0-9]|3[01])(?:st|nd|rd|th)\s$", re.IGNORECASE)


def day_and_month(day: int, month: int) -> list[str]:
    """Return the readings of a day of a month, American and British."""
    name, number = _MONTHS[month - 1], ordinals(day)[0]
    return [
        f"{name} {number}",
        f"the {number} of {name}",
        f"{name} the {number}",
        f"{number} of {name}",
        f"{name} {' '.join(cardinal(day))}",
    ]


def _year(digits: str) -> list[str]:
    if len(digits) == 4:
        return years(int(digits))
    return one_by_one(digits)[1:2] if digits[0] == "0" else [" ".join(cardinal(int(digits)))]


def _is_date(day: int, month: int) -> bool:
    return 1 <= day <= 31 and 1 <= month <= 12


def _figure(digits: str) -> list[str]:
    if digits[0] == "0" and len(digits) > 1:
        return [f"oh {one_by_one(digits[1:])[0]}", " ".join(cardinal(int(digits)))]
    return [" ".join(cardinal(int(digits)))]


def _numeric(found: Found) -> list[str]:
    first, second, year = int(found["first"]), int(found["second"]), found["year"]
    orders = [(second, first), (first, second)]  # American: the month first; then British
    named = [joined(day_and_month(*order), _year(year)) for order in orders if _is_date(*order)]
    if not named:
        return []
    figures = joined(_figure(found["first"]), _figure(found["second"]), _year(year))
    return in_turn(*named, figures[:2])


def _iso(found: Found) -> list[str]:
    month, day = int(found["month"]), int(found["day"])
    if not _is_date(day, month):
        return []
    year = _year(found["year"])
    named = day_and_month(day, month)
    figures = joined(year, _figure(found["month"]), _figure(found["day"]))
    return in_turn(joined(named, year), joined(year, named), figures[:2])


def _day(found: Found) -> list[str]:
    number, plain = ordinals(int(found[0]))[0], " ".join(cardinal(int(found[0])))
    if _AFTER_MONTH.search(found.before):
        return [number, f"the {number}", plain]
    if _BEFORE_MONTH.match(found.after):
        return [f"the {number}", number, plain]
    return []


def _month(found: Found) -> list[str]:
    name = MONTHS[found["name"].lower()]
    abbreviated = found["name"].lower() != name
    if _AFTER_DAY.search(found.before):
        readings = [f"of {name}", name]
    elif _AFTER_ORDINAL.search(found.before):
        readings = [name, f"of {name}"]
    elif abbreviated and (found["dot"] or re.match(r"\s[0-9]", found.after)):
        readings = [name]
    else:
        return []
    written = found["name"].lower()
    return [*readings, *([written] if abbreviated and found.knows(written) else [])]


def _full_name(written: str) -> str:
    name = written.lower()
    return DAYS.get(name) or MONTHS.get(name, name)


def _weekday(found: Found) -> list[str]:
    written = found["name"].lower()
    before_date = re.match(r",?\s(?:[12]?[0-9]|3[01])(?!\w)", found.after)
    if before_date or (found["dot"] and found.after.strip()) or not found.knows(written):
        return [DAYS[written], *([written] if found.knows(written) else [])]
    return [written, DAYS[written]] if found["dot"] else []


def _range(found: Found) -> list[str]:
    return joined(_full_name(found["first"]), ["to", "through", ""], _full_name(found["second"]))


def _ordinal_day(found: Found) -> list[str]:
    if not (_AFTER_MONTH.search(found.before) or _BEFORE_MONTH.match(found.after)):
        return []
    number = ordinals(int(found["digits"]))[0]
    return [number] if _AFTER_ARTICLE.search(found.before) else [number, f"the {number}"]


def _decade(found: Found) -> list[str]:
    digits = found["digits"]
    if len(digits) == 2 and not found.text.startswith("'"):
        return [*decades(digits), f"{' '.join(cardinal(int(digits)))} seconds"]
    return decades(digits) if digits[-1] == "0" else []


def _decades(found: Found) -> list[str]:
    return joined(decades(found["first"])[:4], ["to", "", "and", "through"], decades(found["second"])[:4])


def _month_and_year(found: Found) -> list[str]:
    month, year = int(found["month"]), years(int(found["year"]))
    figures = joined(_figure(found["month"]), ["", "slash"], year[:2])
    return in_turn(joined(_MONTHS[month - 1], ["", "of"], year), figures[:4])


def _two_years(found: Found) -> list[str]:
    return joined(years(int(found["first"]))[:3], ["", "to", "slash"], _year(found["second"]))


def _short_year(found: Found) -> list[str]:
    digits = found["digits"]
    return one_by_one(digits)[1::-1] if digits[0] == "0" else [" ".join(cardinal(int(digits)))]


RULES = (
    Rule(
        "date, year first",
        re.compile(r"(?P<year>[12][0-9]{3})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})(?![\w/-])"),
        _iso,
        "Due 2024-05-12.",
        "due may twelfth twenty twenty four",
    ),
    Rule(
        "date, year last",
        re.compile(
            r"(?P<first>[0-9]{1,2})(?P<sign>[-/.])(?P<second>[0-9]{1,2})(?P=sign)(?P<year>[12][0-9]{3}|[0-9]{2})(?![\w/-])"
        ),
        _numeric,
        "Due 12/05/2024.",
        "due the twelfth of may twenty twenty four",
    ),
    Rule(
        "month and year",
        re.compile(r"(?P<month>0[1-9]|1[0-2])/(?P<year>(?:19|20)[0-9]{2})(?![\w/-])"),
        _month_and_year,
        "Best before 03/2026",
        "best before march twenty twenty six",
    ),
    Rule(
        "two years",
        re.compile(r"(?P<first>(?:19|20)[0-9]{2})/(?P<second>[0-9]{2})(?![\w/-])"),
        _two_years,
        "The season of 2023/24",
        "the season of twenty twenty three twenty four",
    ),
    Rule(
        "day of a month",
        re.compile(r"(?:0?[1-9]|[12][0-9]|3[01])(?![\w:/.%°$€£-]*\w|[%°$€£])"),
        _day,
        "It is 5 May.",
        "it is the fifth of may",
    ),
    Rule(
        "month",
        re.compile(rf"(?P<name>{MONTH})(?P<dot>\.?)(?!\w)", re.IGNORECASE),
        _month,
        "Born Jan. 5.",
        "born january fifth",
    ),
    Rule(
        "range of days",
        re.compile(rf"(?P<first>{_DAY})[-–—](?P<second>{_DAY})(?!\w)"),
        _range,
        "Open Mon-Fri only",
        "open monday to friday only",
    ),
    Rule(
        "range of months",
        re.compile(rf"(?P<first>{_CAPITALISED_MONTH})[-–—](?P<second>{_CAPITALISED_MONTH})(?!\w)"),
        _range,
        "Open May–September",
        "open may to september",
    ),
    Rule(
        "ordinal day of a month",
        re.compile(r"(?P<digits>[12]?[0-9]|3[01])(?:st|nd|rd|th)(?!\w)", re.IGNORECASE),
        _ordinal_day,
        "Come on 4th July.",
        "come on the fourth of july",
    ),
    Rule(
        "day of the week",
        re.compile(r"(?P<name>Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?P<dot>\.?)(?![\w'])"),
        _weekday,
        "Come on Thurs. evening",
        "come on thursday evening",
    ),
    Rule(
        "range of decades",
        re.compile(
            r"'?(?P<first>[1-9][0-9]{2}0|[1-9]0)'?s\s?[-–—]\s?'?(?P<second>[1-9][0-9]{2}0|[1-9]0)'?s(?!\w)"
        ),
        _decades,
        "Music of the 1990s-2000s",
        "music of the nineteen nineties to two thousands",
    ),
    Rule(
        "decade",
        re.compile(r"'?(?P<digits>[1-9][0-9]{3}|[1-9]0)'?s(?!\w)", re.IGNORECASE),
        _decade,
        "Music of the '90s",
        "music of the nineties",
    ),
    Rule(
        "year without its century",
        re.compile(r"'(?P<digits>[0-9]{2})(?!['\w])"),
        _short_year,
        "The class of '05",
        "the class of oh five",
    ),
)
