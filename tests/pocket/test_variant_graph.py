"""The graph of the variants of a word."""

from hypothesis import given
from hypothesis import strategies as st

from enunciate.pocket.variant_graph import variant_graph

VARIANTS = st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=6), min_size=1, max_size=8)


def paths(graph):
    """All sequences of labels from the start to an end."""
    found, to_node = [], []
    for node in graph:
        reached = [(*labels, node.label) for k in node.before for labels in (to_node[k] if k >= 0 else [()])]
        to_node.append(reached)
        found += reached if node.ends else []
    return found


@given(VARIANTS)
def test_its_paths_are_the_variants_and_nothing_else(variants):
    found = paths(variant_graph(variants))

    assert sorted(found) == sorted({tuple(variant) for variant in variants})


def test_what_variants_share_at_the_start_and_at_the_end_is_there_once():
    assert len(variant_graph([[1, 2, 3, 4, 5], [1, 2, 4, 5], [1, 2, 3, 3, 4, 5]])) == 6
