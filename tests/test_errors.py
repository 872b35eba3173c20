"""The tree of exceptions: it is documented, public and coded."""

import inspect
import re

import pytest

import enunciate
from enunciate import errors
from enunciate.errors import EnunciateError, MissingExtraError, needing

OURS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, EnunciateError) and kind.__module__ == "enunciate.errors"
]


def documented() -> dict[str, str]:
    """Each exception of the docstring's tree with its parent."""
    parents, above = {}, {}
    for line in errors.__doc__.splitlines():
        drawn = re.fullmatch(r" {4}((?:[│ ]   )*)(?:[├└]── )?(\w+Error)", line)
        if drawn:
            depth = 0 if "──" not in line else len(drawn[1]) // 4 + 1
            above[depth] = drawn[2]
            parents[drawn[2]] = above[depth - 1] if depth else "Exception"
    return parents


def test_the_tree_in_the_docstring_is_the_tree():
    assert documented() == {kind.__name__: kind.__base__.__name__ for kind in OURS}


def test_every_exception_is_public():
    assert {kind.__name__ for kind in OURS} <= set(enunciate.__all__)


def test_no_two_exceptions_share_a_code():
    codes = [kind.code for kind in OURS]
    assert len(set(codes)) == len(codes)


def test_a_missing_package_is_named_with_its_extra():
    with pytest.raises(MissingExtraError, match=r"torchx .*'enunciate\[train\]'"), needing("train"):
        raise ModuleNotFoundError("No module named 'torchx.nn'", name="torchx.nn")


def test_a_missing_module_of_our_own_is_a_bug():
    with pytest.raises(ModuleNotFoundError), needing("train"):
        raise ModuleNotFoundError("No module named 'enunciate.nothing'", name="enunciate.nothing")
