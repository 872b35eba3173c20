"""Times of day, durations as on a stopwatch, and ratios, which look alike."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import distinct, joined
from enunciate.reading.number_readings import one_by_one
from enunciate.reading.numbers import cardinal, spell_digits
from enunciate.reading.rule import Found, Rule

_HALF = r"(?P<half>[ap](?:\.m\.|m))"
_NAMED_TIME = re.compile(r"(?<!\w)(?:noon|midday|midnight|dawn|sunrise)$", re.IGNORECASE)
_CLOCK = r"(?:[01]?[0-9]|2[0-4])[:.h][0-5][0-9]"


def _words(value: int) -> str:
    return " ".join(cardinal(value))


def _hour(hour: int) -> list[str]:
    named = {0: ["midnight", "twelve", "zero"], 24: ["midnight", "twelve"]}
    return named.get(hour) or distinct([_words(hour), _words((hour - 1) % 12 + 1)])


def clock(hour: int, minute: int) -> list[str]:
    """Return the readings of a time of day, hours from 0 to 24.

    >>> clock(10, 30)
    ['ten thirty', 'half past ten', 'thirty past ten', 'thirty minutes past ten']
    """
    hours, following = _hour(hour), _hour((hour + 1) % 24)
    if minute == 0:
        on_the_hour = {0: ["midnight"], 12: ["noon", "midday"]}.get(hour % 24, [])
        numbers = [name for name in hours if name != "midnight"]
        clock_hours = joined(numbers, ["o'clock", "", "hundred", "hundred hours", "zero zero"])
        return distinct([*clock_hours, *on_the_hour])
    name = _words(minute)
    found = joined(hours, ["oh", "zero", ""] if minute < 10 else "", name)
    if minute in (15, 30):
        found += joined(
            "half" if minute == 30 else ["quarter", "a quarter"],
            ["past", "after"][: 45 // minute - 1 or 1],
            hours,
        )
    if minute == 45:
        found += joined(["quarter", "a quarter"], ["to", "of"], following)
    if minute <= 30:
        found += joined(name, ["", "minutes"], ["past", "after"][: 1 + (minute < 30)], hours)
    elif minute % 5 == 0:
        found += joined(_words(60 - minute), ["", "minutes"], "to", following)
    return distinct(found)


def _read(found: Found) -> list[str]:
    hour, minute = int(found["hour"]), int(found["minute"])
    if found["seconds"]:
        parts = [_words(hour), _words(minute), _words(int(found["seconds"]))]
        units = ["hours", "minutes", "seconds"]
        measured = " ".join(f"{part} {unit}" for part, unit in zip(parts, units, strict=True))
        spoken = [" ".join(spell_digits(part)) if part[0] == "0" else _words(int(part)) for part in (
            found["minute"], found["seconds"])]  # fmt: skip
        return distinct([" ".join(parts), " ".join([parts[0], *spoken]), measured])
    return _with_half(clock(hour, minute), found["half"])


def _with_half(times: list[str], half: str) -> list[str]:
    return joined(times, [half[0].lower() + ".m."]) if half else times


def _whole_hour(found: Found) -> list[str]:
    return joined(_words(int(found["hour"])), ["", "o'clock"], found["half"][0].lower() + ".m.")


def _range(found: Found) -> list[str]:
    first, second = (clock(*map(int, re.split("[:.h]", found[name]))) for name in ("first", "second"))
    return _with_half(joined(first, ["to", "till", "until", ""], second), found["half"])


def _hours(found: Found) -> list[str]:
    ends: list[list[str]] = []
    for hour, minute, half in (("hour", "minute", "half"), ("to_hour", "to_minute", "to_half")):
        times = clock(int(found[hour]), int(found[minute])) if found[minute] else [_words(int(found[hour]))]
        ends.append(_with_half(times[:4], found[half]))
    return joined(ends[0], ["to", "till", "until", ""], ends[1])


def _stopwatch(found: Found) -> list[str]:
    minutes, seconds, part = found["minutes"], found["seconds"], " ".join(spell_digits(found["part"]))
    spoken = [_words(int(seconds)), *([f"oh {_words(int(seconds))}"] if seconds[0] == "0" else [])]
    one = "minute" if minutes == "1" else "minutes"
    return joined(_words(int(minutes)), ["", one], spoken[::-1], "point", part, ["", "seconds"])


def _four_figures(found: Found) -> list[str]:
    hour, minute = int(found["hour"]), int(found["minute"])
    minutes = [_words(minute)] if minute else ["hundred", "hundred hours"]
    if 0 < minute < 10:
        minutes = [f"oh {minutes[0]}", f"zero {minutes[0]}"]
    return distinct([*joined(["oh", "zero", ""], _words(hour), minutes), *one_by_one(found.text)])


def _until(found: Found) -> list[str]:
    if not _NAMED_TIME.search(found.before):
        return []
    return joined(["to", "till", "until", ""], _words(int(found["hour"])))


def _ratio(found: Found) -> list[str]:
    first, second = _words(int(found["first"])), _words(int(found["second"]))
    return joined(first, ["to", "", "by"], second)


RULES = (
    Rule(
        "range of times",
        re.compile(rf"(?P<first>{_CLOCK})[-–—](?P<second>{_CLOCK}){_HALF}?(?![\w:])".replace("[:.h]", ":")),
        _range,
        "Open 10:00-12:30.",
        "open ten to twelve thirty",
    ),
    Rule(
        "range of hours",
        re.compile(
            rf"(?P<hour>1[0-2]|[1-9])(?:[:.](?P<minute>[0-5][0-9]))?{_HALF}?\s?[-–—]\s?"
            r"(?P<to_hour>1[0-2]|[1-9])(?:[:.](?P<to_minute>[0-5][0-9]))?(?P<to_half>[ap](?:\.m\.|m))(?!\w)",
            re.IGNORECASE,
        ),
        _hours,
        "Open 9am-5:30pm",
        "open nine a.m. to five thirty p.m.",
    ),
    Rule(
        "stopwatch",
        re.compile(r"(?P<minutes>[0-9]{1,2}):(?P<seconds>[0-5][0-9])\.(?P<part>[0-9]{1,3})(?![\w:]|\.[0-9])"),
        _stopwatch,
        "She ran it in 1:45.3.",
        "she ran it in one forty five point three",
    ),
    Rule(
        "time",
        re.compile(
            r"(?P<hour>[01]?[0-9]|2[0-4]):(?P<minute>[0-5][0-9])(?::(?P<seconds>[0-5][0-9]))?"
            rf"{_HALF}?(?![\w:])",
            re.IGNORECASE,
        ),
        _read,
        "It is 10:30.",
        "it is half past ten",
    ),
    Rule(
        "hour",
        re.compile(rf"(?P<hour>1[0-2]|[1-9]){_HALF}(?!\w)", re.IGNORECASE),
        _whole_hour,
        "Come at 7pm.",
        "come at seven p.m.",
    ),
    Rule(
        "time with a dot",
        re.compile(
            rf"(?P<hour>1[0-2]|[1-9])\.(?P<minute>[0-5][0-9])(?:{_HALF}(?!\w)|(?=\s[ap]\.?m(?!\w)))",
            re.IGNORECASE,
        ),
        lambda found: _with_half(clock(int(found["hour"]), int(found["minute"])), found["half"]),
        "Come at 7.30 pm.",
        "come at seven thirty pm",
    ),
    Rule(
        "time of four figures",
        re.compile(r"(?P<hour>0[0-9])(?P<minute>[0-5][0-9])(?!\w|[.,:/-][0-9])"),
        _four_figures,
        "Up at 0630",
        "up at oh six thirty",
    ),
    Rule(
        "hour after a word",
        re.compile(r"[-–—](?P<hour>2[0-4]|1[0-9]|[1-9])(?!\w|[:.,/-][0-9])"),
        _until,
        "Open noon–2",
        "open noon to two",
    ),
    Rule(
        "ratio",
        re.compile(r"(?P<first>[0-9]{1,3}):(?P<second>[0-9]{1,3})(?![\w:])"),
        _ratio,
        "They won 3:1.",
        "they won three to one",
    ),
)  # fmt: skip
