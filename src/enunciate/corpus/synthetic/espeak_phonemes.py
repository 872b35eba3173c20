"""The map between espeak-ng's phonemes and ARPAbet.

espeak-ng has its own phonemes, finer than ARPAbet and different by accent. A phoneme that joins two ARPAbet
phones (the vowel of "car") is split by a fixed share of its time. A phoneme that is no phone of its own (a
glide between vowels) joins the phone before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from enunciate.corpus.synthetic.mispronunciations import SILENCE, VOWELS, Change

_CONSONANT_NAMES = """b B|d D|d[ D|dZ JH|D DH|f F|g G|h HH|j Y|k K|x K|l L|l# L|l/ L|l/2 L|L L|m M|n N|N NG
p P|r R|r- R|r/ R|s S|S SH|t T|t# T|t2 T|? T|t[ T|tS CH|T TH|v V|w W|w# W|z Z|z# Z
z/2 Z|Z ZH|; -|@L AH L|n- AH N|m- AH M"""
_VOWEL_NAMES = """a AE|aa AE|A AA|A: AA|a# AH|aI AY|aI2 AY|aI@ AY AH|aI3 AY ER|aU AW|E EH|e EH|E2 EH
e@ EH R|eI EY|I IH|I# IH|I2 IH|IR IH|i IY|i: IY|i:: IY|i::: IY|i@ IY AH|i@3 IH R|0 AA
O AO|O: AO|O2 AA|O@ AO R|o@ AO R|OI OY|oU OW|U UH|U@ UH R|u UW|u: UW|V AH|VR AH|@ AH
@- AH|@2 AH|@L AH L|3 ER|3: ER"""
_NON_RHOTIC = "A@ AA|e@ EH|i@3 IY AH|O@ AO|o@ AO|U@ UH|3 AH|aI3 AY AH"


def _phone_map(*tables: str) -> dict[str, tuple[str, ...]]:
    rows = (row.split() for table in tables for row in table.replace("\n", "|").split("|"))
    return {name: tuple(phone for phone in phones if phone != "-") for name, *phones in rows}


_RHOTIC = _phone_map(_CONSONANT_NAMES, _VOWEL_NAMES, "A@ AA R")
_NOT_RHOTIC = _phone_map(_CONSONANT_NAMES, _VOWEL_NAMES, _NON_RHOTIC)
ACCENTS: dict[str, tuple[float, dict[str, tuple[str, ...]]]] = {
    "gmw/en-US": (0.62, _RHOTIC),
    "gmw/en": (0.12, _NOT_RHOTIC),
    "gmw/en-GB-x-rp": (0.12, _NOT_RHOTIC | _phone_map("aa AA")),
    "gmw/en-GB-x-gbclan": (0.03, _NOT_RHOTIC | _phone_map("V UH")),
    "gmw/en-GB-scotland": (0.03, _RHOTIC | _phone_map("3 AH")),
    "gmw/en-029": (0.02, _NOT_RHOTIC),
    "gmw/en-US-nyc": (0.06, _NOT_RHOTIC),
}
"""The share of each accent, and its phones by phoneme."""
_MNEMONIC_PAIRS = """AA=A: AE=a AH=@ AO=O: AW=aU AY=aI B=b CH=tS D=d DH=D EH=E ER=3: EY=eI F=f G=g
HH=h IH=I IY=i: JH=dZ K=k L=l M=m N=n NG=N OW=oU OY=OI P=p R=r S=s SH=S T=t TH=T UH=U UW=u: V=v W=w
Y=j Z=z ZH=Z"""
_MNEMONICS = {phone: name for phone, _, name in (pair.partition("=") for pair in _MNEMONIC_PAIRS.split())}
STRESS_MARKS = "',%="
_SECOND_SHARE = 0.4
"""The share of the second phone in the time of a joint phoneme (vowel and R, schwa and L)."""


def phones_of(names: Sequence[str], accent: str) -> list[tuple[str, ...]]:
    """Return the ARPAbet phones of each espeak-ng phoneme; none for a glide that is no phone of its own.

    An R that is in both a vowel and the consonant after it counts once ("hurry", "very").

    Raises:
        KeyError: A phoneme that the map does not know.
    """
    table = ACCENTS[accent][1]
    silence = (SILENCE,)
    units: list[tuple[str, ...]] = [silence if name.startswith("_") else table[name] for name in names]
    for index in range(1, len(units)):
        before = units[index - 1]
        if units[index] == ("R",) and len(before) > 1 and before[-1] == "R":
            units[index - 1] = before[:-1]
        elif units[index] == ("R",) and before[-1:] == ("ER",):
            units[index] = ()
    return units


def segments_of(
    names: Sequence[str], starts: Sequence[int], total: int, accent: str
) -> list[tuple[str, float, float]]:
    """Return phones, each with its first sample and the sample after its last.

    Args:
        names: The phonemes.
        starts: The first sample of each phoneme.
        total: The number of samples.
        accent: One of `ACCENTS`.
    """
    bounds = [0.0, *map(float, starts[1:]), float(total)]
    segments: list[tuple[str, float, float]] = []
    for index, phones in enumerate(phones_of(names, accent)):
        start, end = bounds[index], bounds[index + 1]
        if not phones and segments:
            segments[-1] = (segments[-1][0], segments[-1][1], end)
        elif phones and end <= start and segments and segments[-1][0] != SILENCE:
            # espeak-ng plays this phone within the transition from the one before it.
            phone, first, _ = segments[-1]
            cut = start - _SECOND_SHARE * (start - first)
            segments[-1:] = [(phone, first, cut), (phones[0], cut, start)]
        elif phones:
            cut = end - _SECOND_SHARE * (end - start) if len(phones) > 1 else end
            segments.extend(zip(phones, (start, cut), (cut, end), strict=False))
    return segments


def respelt(name: str, unit: tuple[str, ...], changes: Iterator[Change]) -> str:
    """Return the mnemonics of what is said in place of one phoneme; `name` itself where nothing changed."""
    said = [next(changes) for _ in unit]
    if said == [(phone,) for phone in unit]:
        return name
    stress = name[: len(name) - len(name.lstrip(STRESS_MARKS))]
    phones = [phone for change in said for phone in change]
    spelt = [(stress if phone in VOWELS else "") + _MNEMONICS[phone] for phone in phones]
    return "|".join(spelt)
