"""What refilling batches could save is counted as one would by hand."""

from refilled_batches import batched, refilled, shrunk


def test_a_batch_runs_as_long_as_its_longest_row():
    assert batched([5, 3, 4, 1, 2], rows=2, look_every=1) == 2 * 5 + 2 * 4 + 1 * 2
    assert batched([5, 3, 4, 1, 2], rows=2, look_every=4) == 2 * 8 + 2 * 4 + 1 * 4


def test_a_row_that_has_ended_makes_room_for_the_next_clip():
    # The rows have 5 and then 2, and 3 and then 4: seven passes over two rows.
    assert refilled([5, 3, 4, 2], rows=2, look_every=1) == 2 * 7
    assert refilled([5, 3, 4, 2], rows=2, look_every=4) == 2 * 12
    assert refilled([5, 3], rows=4, look_every=1) == 2 * 5, "no more rows than clips"


def test_a_row_that_is_dropped_costs_what_it_needs_up_to_the_next_look():
    assert shrunk([5, 3, 4], look_every=1) == 12
    assert shrunk([5, 3, 4], look_every=4) == 8 + 4 + 4
