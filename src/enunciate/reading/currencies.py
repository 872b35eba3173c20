"""Currencies: their signs and codes, and the names of their units and of their coins."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_TABLE = """
$  USD  dollar dollars  cent cents
£  GBP  pound pounds  penny pence
€  EUR  euro euros  cent cents
¥  JPY  yen yen
₹  INR  rupee rupees
₩  KRW  won won
₽  -  ruble rubles
₺  -  lira lira
₪  ILS  shekel shekels
₫  VND  dong dong
₱  -  peso pesos
₦  NGN  naira naira
฿  THB  baht baht
元  CNY  yuan yuan
-  RMB  yuan yuan
-  CHF  franc francs
-  BRL  real reais
-  MXN  peso pesos
-  PLN  zloty zlotys
-  SEK  krona kronor
-  NOK  krone kroner
-  DKK  krone kroner
-  AUD  dollar dollars  cent cents
-  CAD  dollar dollars  cent cents
-  NZD  dollar dollars  cent cents
-  HKD  dollar dollars  cent cents
-  SGD  dollar dollars  cent cents
"""
_COUNTRIES = {
    "USD": "u.s.", "GBP": "british", "CHF": "swiss", "BRL": "brazilian", "MXN": "mexican", "PLN": "polish",
    "SEK": "swedish", "NOK": "norwegian", "DKK": "danish", "AUD": "australian", "CAD": "canadian",
    "NZD": "new zealand", "HKD": "hong kong", "SGD": "singapore", "CNY": "chinese", "RMB": "chinese",
    "INR": "indian",
}  # fmt: skip
_PREFIXES = {
    "US": "USD", "CA": "CAD", "C": "CAD", "AU": "AUD", "A": "AUD", "NZ": "NZD", "HK": "HKD", "S": "SGD",
    "R": "BRL", "MX": "MXN", "CN": "CNY",
}  # fmt: skip


@dataclass(frozen=True)
class Currency:
    """The names of a currency."""

    one: str
    many: str
    coin: str = ""
    coins: str = ""
    country: str = ""
    """An adjective that may be said before the name."""
    code: str = ""
    """The names of the letters of its code, which may be said instead."""

    def names(self, *, one: bool) -> list[str]:
        """Return what is said after an amount: also the singular ("a five dollar bill")."""
        plain = [self.one] if one else list(dict.fromkeys((self.many, self.one)))
        return [*plain, *([f"{self.country} {plain[0]}"] if self.country else []), *filter(None, [self.code])]


def _read_table() -> tuple[dict[str, Currency], dict[str, Currency]]:
    by_sign: dict[str, Currency] = {}
    by_code: dict[str, Currency] = {}
    for line in filter(None, _TABLE.split("\n")):
        sign, code, *names = line.split()
        if sign != "-":
            by_sign[sign] = Currency(*names)
        if code != "-":  # no code that is a word as well ("TRY 2 TIMES")
            by_code[code] = replace(Currency(*names), country=_COUNTRIES.get(code, ""), code=" ".join(code))
    return by_sign, by_code


_BY_SIGN, _BY_CODE = _read_table()
SIGN = f"[{''.join(map(re.escape, _BY_SIGN))}]"
"""A pattern of the signs."""
CODE = "|".join(_BY_CODE)
"""A pattern of the codes."""
PREFIX = "|".join(sorted(_PREFIXES, key=len, reverse=True))
"""A pattern of what may stand before $ to tell whose dollar it is, and before ¥."""


def currency(sign: str, prefix: str = "") -> Currency:
    """Return the currency of a sign, or of a code.

    Args:
        sign: Such as "$" or "CHF".
        prefix: Letters right before the sign, as in "CA$", in any case.
    """
    code = _PREFIXES.get(prefix.upper()) if sign in "$¥" else None
    return _BY_CODE[code or sign] if code or sign in _BY_CODE else _BY_SIGN[sign]
