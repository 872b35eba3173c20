"""What the page tells learners about sounds agrees with the phone set, and its files are in order."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from support.paths import REPOSITORY

from enunciate.phones.inventory import IPA, PHONES, strip_stress
from enunciate.phones.lexicon import Lexicon
from enunciate.reading.text import parse_text

STATIC = REPOSITORY / "src" / "enunciate" / "serve" / "static"
HINTS = json.loads((STATIC / "hints.json").read_text(encoding="utf-8"))
TOPICS = json.loads((STATIC / "sentences.json").read_text(encoding="utf-8"))
SENTENCES = [sentence for topic in TOPICS for sentence in topic["sentences"]]


def pronunciations(word: str) -> list[list[str]]:
    return [[strip_stress(phone) for phone in variant] for variant in Lexicon.default().lookup(word)]


def test_every_phone_has_its_sign():
    assert {phone: known["ipa"] for phone, known in HINTS["phones"].items()} == IPA
    assert len(HINTS["phones"]) == 39


@pytest.mark.parametrize("phone", PHONES)
def test_the_example_of_a_phone_contains_it(phone):
    known = HINTS["phones"][phone]
    assert known["spelt"] in known["example"]
    assert any(phone in variant for variant in pronunciations(known["example"])), known["example"]
    assert re.search("tongue|lips?|jaw|throat|nose|voice", known["hint"])
    assert known["hint"].endswith(".")


def test_confusions_are_of_two_different_phones():
    for pair, hint in HINTS["confusions"].items():
        wanted, heard = pair.split(">")
        assert wanted in IPA and heard in IPA and wanted != heard, pair
        assert hint.endswith("."), pair


@pytest.mark.parametrize(
    "pair",
    ["TH>S", "TH>T", "DH>D", "DH>Z", "V>W", "W>V", "R>L", "L>R", "IH>IY", "IY>IH", "Z>S", "N>L", "AE>EH"],
)
def test_common_confusions_have_a_hint_of_their_own(pair):
    assert pair in HINTS["confusions"]


def test_words_to_compare_differ_in_the_two_sounds():
    """Each pair "Compare X and Y" of a hint has the sound that was heard in X and the wanted one in Y."""
    for pair, hint in HINTS["confusions"].items():
        wanted, heard = pair.split(">")
        compared = re.search(r"Compare “(\w+)” and “(\w+)”", hint)
        if compared is None:
            continue
        assert any(heard in variant for variant in pronunciations(compared[1])), (pair, compared[1])
        assert any(wanted in variant for variant in pronunciations(compared[2])), (pair, compared[2])


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_can_be_assessed(sentence):
    assert parse_text(sentence, Lexicon.default())


@pytest.mark.parametrize(
    ("topic", "phones"),
    [("th", "TH DH"), ("rl", "R L"), ("vw", "V W"), ("sz", "S Z SH ZH"), ("vowels", "IH IY UH UW EH AE")],
)
def test_a_topic_practises_its_sounds(topic, phones):
    (sentences,) = (one["sentences"] for one in TOPICS if one["id"] == topic)
    spoken = {
        strip_stress(phone)
        for sentence in sentences
        for word in parse_text(sentence, Lexicon.default())
        for phone in word.variants[0]
    }
    assert set(phones.split()) <= spoken


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.loaded: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        self.loaded += [str(given[name]) for name in ("src", "href") if name in given]
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)


@pytest.mark.parametrize("name", ["index.html", "docs.html"])
def test_a_page_loads_only_its_own_files_and_nothing_inline(name):
    page = _Page()
    page.feed((STATIC / name).read_text(encoding="utf-8"))
    assert page.inline == []
    assert len(page.ids) == len(set(page.ids))
    files = [address for address in page.loaded if not address.startswith("#") and address != "./"]
    made = {"openapi.json"}  # of the application
    assert files and all((STATIC.parent / address).is_file() for address in files if address not in made)


@pytest.mark.parametrize(
    "path", sorted([*STATIC.glob("*.js"), *STATIC.glob("*.css")]), ids=lambda path: path.name
)
def test_files_of_the_page_are_short_and_import_what_is_there(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("over http", "").replace(
        "https", ""
    )
    for imported in re.findall(r'from "\./([^"]+)"', text):
        assert (STATIC / imported).is_file(), imported


STYLE = (STATIC / "style.css").read_text(encoding="utf-8")
SCHEMES = {
    name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for name, block in zip(("light", "dark"), re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL), strict=True)
}
ON = {
    "ink": "paper surface sunken close-soft",
    "quiet": "paper surface sunken",
    "accent": "paper surface accent-soft",
    "on-accent": "accent",
    "good": "paper surface sunken good-soft accent-soft",
    "close": "paper surface sunken close-soft accent-soft",
    "wrong": "paper surface sunken wrong-soft accent-soft",
    "missing": "paper surface sunken missing-soft accent-soft",
    "surface": "wrong",
}
"""The grounds that each colour is written on."""


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_pair_of_colours_has_the_contrast_of_aa(scheme):
    colours = SCHEMES[scheme]
    for colour, grounds in ON.items():
        for ground in grounds.split():
            darker, lighter = sorted((luminance(colours[colour]), luminance(colours[ground])))
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"{colour} on {ground}"
