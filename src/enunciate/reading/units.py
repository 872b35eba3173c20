"""Units of measurement, right after a number or standing alone."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import joined
from enunciate.reading.number_readings import decades, decimals
from enunciate.reading.rule import NUMBER, Found, Rule

_TABLE = """
km    kilometer, kilometers
m     meter, meters
cm    centimeter, centimeters
mm    millimeter, millimeters
kg    kilogram, kilograms, kilo, kilos
g     gram, grams
mg    milligram, milligrams
lb    pound, pounds
lbs   pound, pounds
oz    ounce, ounces
ft    foot, feet
in    inch, inches
yd    yard, yards
mi    mile, miles
mph   mile per hour, miles per hour, M P H, miles an hour
kph   kilometer per hour, kilometers per hour, K P H, kilometers an hour
hr    hour, hours
hrs   hour, hours
h     hour, hours
d     day, days
min   minute, minutes
mins  minute, minutes
sec   second, seconds
secs  second, seconds
s     second, seconds
ms    millisecond, milliseconds
l     liter, liters
L     liter, liters
ml    milliliter, milliliters
mL    milliliter, milliliters
cl    centiliter, centiliters
px    pixel, pixels
KB    kilobyte, kilobytes
kB    kilobyte, kilobytes
MB    megabyte, megabytes, megs
GB    gigabyte, gigabytes, gigs
TB    terabyte, terabytes
Hz    hertz, hertz
kHz   kilohertz, kilohertz
MHz   megahertz, megahertz
GHz   gigahertz, gigahertz
W     watt, watts
kW    kilowatt, kilowatts
kWh   kilowatt hour, kilowatt hours
MW    megawatt, megawatts
V     volt, volts
amp   amp, amps
M     million, million, M
dB    decibel, decibels
cal   calorie, calories
kcal  kilocalorie, kilocalories, calories
°C    degree celsius, degrees celsius, degrees, degrees centigrade, celsius
°F    degree fahrenheit, degrees fahrenheit, degrees, fahrenheit
°     degree, degrees
μm    micrometer, micrometers, microns
Ω     ohm, ohms
kΩ    kilohm, kilohms
C     degree celsius, degrees celsius, celsius, C
F     degree fahrenheit, degrees fahrenheit, fahrenheit, F
x     times, times, x
k     thousand, thousand, K
K     thousand, thousand, K
m^2   square meter, square meters, meters squared
km^2  square kilometer, square kilometers, kilometers squared
m^3   cubic meter, cubic meters, meters cubed
cm^2  square centimeter, square centimeters
cm^3  cubic centimeter, cubic centimeters
sq    square, square
rpm   R P M, R P M
bpm   beat per minute, beats per minute, B P M
tsp   teaspoon, teaspoons
tsps  teaspoon, teaspoons
tbsp  tablespoon, tablespoons
pt    pint, pints, point, points
pts   point, points
wk    week, weeks
wks   week, weeks
yr    year, years
yrs   year, years
mo    month, months
mpg   mile per gallon, miles per gallon, M P G
ppm   P P M, P P M, parts per million
s^2   second squared, seconds squared
"""
UNITS: dict[str, list[str]] = {
    symbol: [str(name) for name in names.split(", ")]
    for symbol, names in (line.split(maxsplit=1) for line in _TABLE.split("\n") if line)
}
"""Singular, plural and further names by symbol."""
_ALONE = frozenset(
    "km cm mm kg mg lb lbs oz ft mph kph hr hrs mins secs ml kHz MHz GHz kWh kcal dB tsp tbsp yrs wks °C"
    " °F".split()
)
"""Symbols that are no words, and are read as units also without a number before them."""
_BY_LOWER = {symbol.lower(): symbol for symbol in reversed(UNITS)}
_ROUND = re.compile("[1-9][0-9]{0,2}s")
"""In "count by 5s" the letter is the ending of a plural."""
_AFTER_HOURS = re.compile(r"[0-9]\s?h(?:rs?|ours?)?\s$")
_AFTER_NUMBER = re.compile(r"(?P<number>[0-9][0-9.,/]*)\s?[-]?$")
_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(UNITS, key=len, reverse=True))


def _names(symbol: str, *, one: bool) -> list[str]:
    known = UNITS.get(symbol) or (UNITS.get(_BY_LOWER.get(symbol.lower(), "")) if len(symbol) > 1 else None)
    if not known:
        return []
    singular, plural, *further = known
    return [singular, *further[:1], plural] if one else [plural, *further, singular]


def _unit(symbol: str, per: str, *, one: bool) -> list[str]:
    """Return the names of a unit, or of a unit per another; a single letter must have its own case."""
    names = _names(symbol, one=one)
    return joined(names, _per(per)) if per else names


def _per(symbol: str) -> list[str]:
    """Return the readings of a stroke and the unit after it; none for an unknown unit."""
    names = _names(symbol, one=True)[:1]
    return [f"{link} {name}" for name in names for link in per_one(name)]


def per_one(unit: str) -> list[str]:
    """Return the words between an amount and the unit that it is for: "per hour", "an hour"."""
    return ["per", "an" if unit[0] in "aeio" or unit.startswith("hour") else "a"]


def _measure(found: Found) -> list[str]:
    one = found["number"] == "1"
    names = _unit(found["symbol"], found["per"], one=one)
    if found["symbol"] == "m" and not found["per"]:
        names = ["minutes", *names] if _AFTER_HOURS.search(found.before) else [*names, "million"]
    sign = ["minus", "negative"] if found["minus"] else ""
    readings = joined(sign, decimals(found["number"]), names) if names else []
    return [*readings, *decades(found["number"])] if _ROUND.fullmatch(found.text) else readings


def _after_number(found: Found) -> list[str]:
    symbol, per = found["symbol"], found["per"]
    if re.search(r"[0-9][pc¢]?/$", found.before):
        return _per(symbol)
    before = _AFTER_NUMBER.search(found.before)
    if before is None:
        return _unit(symbol, per, one=False) if symbol in _ALONE or per else []
    names = _unit(symbol, per, one=before["number"] == "1")
    word = symbol.lower()
    if not per and len(word) > 1 and found.knows(word):
        return [word, *names] if word == "in" else [*names, word]
    return [*names, symbol.upper()] if len(symbol) == 1 and symbol.isalpha() else names


def _feet(found: Found) -> list[str]:
    feet, inches = decimals(found["feet"])[0], decimals(found["inches"])[0]
    return [
        f"{feet} foot {inches}",
        f"{feet} {inches}",
        f"{feet} feet {inches} inches",
        f"{feet} feet {inches}",
    ]


def _inches(found: Found) -> list[str]:
    text, start = found.match.string, found.match.start()
    if text.count('"', max(0, start - 300), start) % 2:
        return []  # the sign closes a quotation
    return joined(decimals(found["number"]), ["inches", "inch"])


_PER = rf"(?:/(?P<per>{_SYMBOL}))?"
RULES = (
    Rule(
        "feet and inches",
        re.compile(r"(?P<feet>[1-9])'\s?(?P<inches>[0-9]|1[01])(?:\"|'')"),
        _feet,
        "He is 5'10\" tall.",
        "he is five foot ten tall",
    ),
    Rule(
        "inches",
        re.compile(rf"(?P<number>{NUMBER})\"(?!\w)"),
        _inches,
        'A 55" screen',
        "a fifty five inch screen",
    ),
    Rule(
        "measurement",
        re.compile(
            rf"(?P<minus>(?<!\w)[-\u2212])?(?P<number>{NUMBER})(?P<space>\s?(?=°))?(?P<symbol>{_SYMBOL}){_PER}(?![\w^])",
            re.IGNORECASE,
        ),
        _measure,
        "It is 30°C.",
        "it is thirty degrees celsius",
    ),
    Rule(
        "unit after a hyphen",
        re.compile(rf"(?<=[0-9])-(?:{_SYMBOL})(?![\w^'-])", re.IGNORECASE),
        _after_number,
        "A 10-km run",
        "a ten kilometer run",
        each=re.compile("(?P<symbol>[^-]+)(?P<per>)"),
    ),
    Rule(
        "unit",
        re.compile(rf"(?P<symbol>{_SYMBOL}){_PER}(?![\w^'-])", re.IGNORECASE),
        _after_number,
        "I ran 5 km.",
        "i ran five kilometers",
    ),
)
