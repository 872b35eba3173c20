"""A graph is captured when shapes come a second time; how many are kept, and of what, is limited.

The device is pretended, but in the last test: a captured graph is the function, which is called again.
"""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import linear

from enunciate.speech_lm.decoding import graphed_calls
from enunciate.speech_lm.decoding.graphed_calls import (
    KEPT_POSITIONS,
    MOST_POSITIONS,
    GraphedCalls,
    casts_not_kept,
)


class Replayed:
    def __init__(self, function, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.function, self.inputs, self.output = function, inputs, output

    def replay(self) -> None:
        self.output.copy_(self.function(*self.inputs))


@pytest.fixture
def captures(monkeypatch) -> list[tuple[int, ...]]:
    """The shapes of which a graph was captured."""
    shapes = []

    def capture(self, inputs):
        shapes.append(tuple(inputs[0].shape))
        static = tuple(one.clone() for one in inputs)
        output = self._function(*static)
        return graphed_calls._Captured(static, output, Replayed(self._function, static, output))

    monkeypatch.setattr(GraphedCalls, "_capture", capture)
    return shapes


def filled(rows: int, length: int, value: float = 1.0) -> Tensor:
    return torch.full((rows, length), value)


def test_a_graph_is_captured_once_for_each_shape_that_comes_again_and_reads_what_it_is_given(captures):
    calls = GraphedCalls(lambda one: 2 * one, graphs=True)
    seen = []
    for rows, value in ((1, 1.0), (2, 2.0), (1, 3.0), (3, 4.0), (2, 5.0), (1, 6.0), (2, 7.0)):
        assert torch.equal(calls(filled(rows, 5, value)), filled(rows, 5, 2 * value))
        seen.append(len(captures))

    assert captures == [(1, 5), (2, 5)]
    assert seen == [0, 0, 1, 1, 2, 2, 2]


def test_a_large_pass_is_called_as_it_is(captures):
    calls = GraphedCalls(lambda one: 2 * one, graphs=True)
    for _ in range(3):
        assert calls(filled(2, MOST_POSITIONS // 2 + 1)).sum() == 2 * MOST_POSITIONS + 4
    assert captures == []


def test_the_graphs_that_were_used_least_recently_make_room(captures):
    calls = GraphedCalls(lambda one: 2 * one, graphs=True)
    longest = KEPT_POSITIONS // 4  # four of them fill what is kept
    lengths = [longest - less for less in range(5)]
    for length in lengths:
        calls(filled(1, length))
    for length in (*lengths[:4], lengths[0], lengths[4]):
        calls(filled(1, length))
    assert captures == [(1, length) for length in lengths], "the first was still there"

    for length in (lengths[0], *lengths[2:]):
        calls(filled(1, length))
    assert len(captures) == 5, "these were used after the second"
    calls(filled(1, lengths[1]))
    assert captures[5:] == [(1, lengths[1])]


def test_casts_of_trained_weights_are_not_kept_for_a_graph():
    weight, one = torch.nn.Parameter(torch.ones(1, 1)), torch.ones(1, 1)
    with torch.autocast("cpu", torch.bfloat16):
        kept = linear(one, weight)
        with torch.no_grad():
            weight.fill_(2.0)
        assert linear(one, weight) == kept == 1, "as autocast does by itself"
        with casts_not_kept():
            assert linear(one, weight) == 2
        assert torch.is_autocast_cache_enabled()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_graph_outlives_the_autocast_in_which_it_was_captured():
    weight = torch.nn.Parameter(torch.randn(64, 64, device="cuda"))
    calls = GraphedCalls(lambda one: linear(one, weight), graphs=True)
    one = torch.randn(2, 8, 64, device="cuda")
    for _ in range(3):
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
            expected, found = linear(one, weight), calls(one)
            torch.testing.assert_close(found, expected)
        torch.full((64, 1 << 16), torch.nan, device="cuda")  # over what autocast has freed
