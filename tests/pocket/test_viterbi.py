"""The banded search finds the best path of a small graph, and the same one in a narrow band."""

import itertools

import numpy as np
import pytest

from enunciate.pocket.viterbi import START, NoPathError, PathSearch, StateGraph, best_path


def chain(columns, loop=True):
    """A graph whose states follow each other."""
    graph, before = StateGraph(), [START]
    for column in columns:
        before = [graph.add(column, before, loop=loop)]
    return graph, before


def best_by_enumeration(emissions, graph, finals):
    def score(path):
        total = emissions[0, graph.columns[path[0]]] - graph.entry_costs[path[0]]
        if START not in graph.predecessors[path[0]] or path[-1] not in finals:
            return -np.inf
        for frame, (before, state) in enumerate(itertools.pairwise(path), start=1):
            if before not in graph.predecessors[state]:
                return -np.inf
            total += emissions[frame, graph.columns[state]]
            total -= graph.entry_costs[state] if before != state else 0
        return total

    paths = itertools.product(range(len(graph.columns)), repeat=len(emissions))
    return max(map(score, paths))


@pytest.mark.parametrize("seed", range(5))
def test_no_other_path_scores_higher(seed):
    rng = np.random.default_rng(seed)
    graph = StateGraph()
    first = graph.add(0, [START], loop=True)
    left = graph.add(1, [START, first], loop=True, entry_cost=0.5)
    right = graph.add(2, [first], loop=False)
    last = graph.add(3, [left, right, first], loop=True, entry_cost=0.2)
    emissions = rng.normal(size=(6, 4))

    path, score = best_path(emissions, graph, [last])

    assert score == pytest.approx(best_by_enumeration(emissions, graph, [last]))
    assert path[-1] == last


def test_a_narrow_band_finds_the_path_that_the_whole_search_finds():
    columns = [state % 5 for state in range(120)]
    graph, finals = chain(columns)
    emissions = np.full((360, 5), -4.0)
    for state, column in enumerate(columns):
        emissions[3 * state : 3 * state + 3, column] = -0.1

    whole, _ = best_path(emissions, graph, finals)
    banded, _ = best_path(emissions, graph, finals, band=20)

    assert (whole == np.repeat(np.arange(120), 3)).all()
    assert (banded == whole).all()


def test_fewer_frames_than_states_have_no_path():
    graph, finals = chain([0, 1, 2])
    with pytest.raises(NoPathError):
        best_path(np.zeros((2, 3)), graph, finals)


def test_fed_in_pieces_the_search_finds_the_same_path():
    rng = np.random.default_rng(0)
    graph, finals = chain([state % 7 for state in range(40)])
    emissions = rng.normal(size=(100, 7))
    search = PathSearch(graph, 100)
    for first in range(0, 100, 30):
        search.feed(emissions[first : first + 30])

    path, score = search.finish(finals)

    whole, best = best_path(emissions, graph, finals)
    np.testing.assert_array_equal(path, whole)
    assert score == best


def test_what_all_paths_agree_on_is_the_beginning_of_the_best_one():
    columns = [state % 5 for state in range(60)]
    graph, finals = chain(columns)
    emissions = np.full((180, 5), -4.0)
    for state, column in enumerate(columns):
        emissions[3 * state : 3 * state + 3, column] = -0.1
    search = PathSearch(graph, 180)
    agreed = []
    for first in range(0, 180, 45):
        search.feed(emissions[first : first + 45])
        agreed.append(search.agreed(50.0))

    path, _ = search.finish(finals)

    assert all(len(found) > 25 + 45 * k for k, found in enumerate(agreed)), "about 13 frames of -3.9 are open"
    for found in agreed:
        np.testing.assert_array_equal(found, path[: len(found)])


def test_with_no_path_given_up_nothing_is_agreed_on_before_the_paths_meet():
    graph = StateGraph()
    left, right = (graph.add(column, [START], loop=True) for column in (0, 1))
    last = graph.add(2, [left, right], loop=True)
    search = PathSearch(graph, 4)
    search.feed(np.array([[0.0, -1.0, -9.0]] * 2))
    assert len(search.agreed(100.0)) == 0
    assert search.agreed(0.5).tolist() == [left, left]
    search.feed(np.array([[0.0, -1.0, -0.5]] * 2))
    assert search.finish([last])[0].tolist() == [left, left, left, last]
