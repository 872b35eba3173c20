"""Plain tables."""

from __future__ import annotations

from enunciate.cli.terminal import as_text, facts_table


def test_facts_are_one_per_line() -> None:
    assert as_text(facts_table({"a": "1", "long": "2"})) == "a     1\nlong  2\n"


def test_a_long_value_is_folded_and_not_cut() -> None:
    value = "x" * 150
    assert as_text(facts_table({"name": value})).count("x") == len(value)
