"""Well-known names that CMUdict lacks, or has in a way that few people say."""

from __future__ import annotations

from enunciate.phones.lexicon import Variants

_TABLE = """
bologna    B AH0 L OW1 N Y AH0
chengdu    CH AH1 NG D UW2
chloe      K L OW1 IY0
eid        IY1 D
giuseppe   JH UW0 S EH1 P IY0
hermione   HH ER0 M AY1 AH0 N IY0
marseille  M AA0 R S EY1
oaxaca     W AH0 HH AA1 K AH0
paypal     P EY1 P AE2 L
rajasthan  R AA1 JH AH0 S T AA2 N
spotify    S P AA1 T AH0 F AY2
tsinghua   CH IH1 NG HH W AA2
uber       UW1 B ER0
whatsapp   W AH1 T S AE2 P
wuhan      W UW1 HH AA2 N
xi'an      SH IY1 AA2 N
youtube    Y UW1 T UW2 B
"""
_NAMES: dict[str, tuple[str, ...]] = {
    line.split()[0]: tuple(line.split()[1:]) for line in _TABLE.strip().splitlines()
}


def well_known_name(word: str) -> Variants:
    """Return the usual pronunciation of a name, in any case; none for a word that is not in the table."""
    found = _NAMES.get(word.lower())
    return (found,) if found else ()
