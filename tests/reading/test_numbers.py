"""Number words."""

import doctest
import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enunciate.phones import Lexicon
from enunciate.reading.numbers import NUMBER, spell_number

LEXICON = Lexicon.default()


@pytest.mark.parametrize(
    "module", ["alternatives", "number_readings", "numbers", "plain_words", "text", "times", "written"]
)
def test_docstring_examples(module):
    assert doctest.testmod(importlib.import_module(f"enunciate.reading.{module}")).failed == 0


@given(st.integers(1, 10**12 - 1))
def test_every_number_can_be_said(value):
    spelt = spell_number(f"{value:,}")

    assert all(LEXICON.lookup(word) for word in spelt)
    assert all(LEXICON.lookup(word) for word in spell_number(f"{value}th"))


@pytest.mark.parametrize("decade", range(10, 100, 10))
def test_every_decade_can_be_said(decade):
    assert all(LEXICON.lookup(word) for word in spell_number(f"{decade}s") + spell_number(f"19{decade}s"))


@given(st.integers(0, 10**9 - 1), st.integers(0, 10**9 - 1))
def test_numbers_are_spelt_differently(a, b):
    assert (spell_number(f"{a:,}") == spell_number(f"{b:,}")) == (a == b)


def test_number_pattern():
    assert all(NUMBER.fullmatch(token) for token in ("1", "12,345", "1.5", ".5", "1st", "90s"))
    assert not any(NUMBER.fullmatch(token) for token in ("1,23", "1x", "-1", "1.2.3"))
