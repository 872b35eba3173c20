"""The pronunciation variants of one word as a graph that shares what they have in common.

The readings of a token such as $3.50 are long and mostly alike: "three dollars and fifty cents" and "three
dollars fifty". Variants with the same phones at the start or at the end share these nodes, so that a word
with thirty variants has a few times the nodes of one, and few ways out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PhoneNode:
    """One phone of some variants."""

    label: int
    """Its class."""
    before: tuple[int, ...]
    """Indices of the nodes that precede it; -1 for the start of the word."""
    ends: bool
    """Whether a variant ends here."""


def variant_graph(variants: Sequence[Sequence[int]]) -> list[PhoneNode]:
    """Return the nodes of a graph whose paths are the variants and nothing else, each after those before it.

    The variants first form a tree, whose equal subtrees become one.
    """
    if len(variants) == 1:
        last = len(variants[0]) - 1
        return [PhoneNode(label, (index - 1,), index == last) for index, label in enumerate(variants[0])]
    tree = _Tree()
    for variant in variants:
        tree.insert(variant)
    signatures: dict[tuple[int, bool, tuple[int, ...]], int] = {}
    roots = [_merge(child, signatures) for child in tree.children.values()]
    return _in_order(list(signatures), roots)


class _Tree:
    def __init__(self, label: int = -1) -> None:
        self.label, self.ends, self.children = label, False, dict[int, _Tree]()

    def insert(self, variant: Sequence[int]) -> None:
        node = self
        for label in variant:
            node = node.children.setdefault(label, _Tree(label))
        node.ends = True


def _merge(tree: _Tree, signatures: dict[tuple[int, bool, tuple[int, ...]], int]) -> int:
    """Return the number of a subtree, the same for equal ones; a parent's is higher than its children's."""
    following = tuple(sorted(_merge(child, signatures) for child in tree.children.values()))
    return signatures.setdefault((tree.label, tree.ends, following), len(signatures))


def _in_order(
    signatures: Sequence[tuple[int, bool, tuple[int, ...]]], roots: Sequence[int]
) -> list[PhoneNode]:
    """Number merged subtrees from the start of the word: parents have higher numbers, so from the last on."""
    before: list[list[int]] = [[] for _ in signatures]
    for root in roots:
        before[root].append(-1)
    last = len(signatures) - 1
    for number in range(last, -1, -1):
        for child in signatures[number][2]:
            before[child].append(last - number)
    return [
        PhoneNode(signatures[number][0], tuple(before[number]), signatures[number][1])
        for number in range(last, -1, -1)
    ]
