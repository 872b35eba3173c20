"""A row in which shared tokens stand once is attended to as its sequences would be."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from enunciate.speech_lm.families.packed_rows import own_tokens, pack, packed_attention, packed_positions

HEADS = [(6, 2), (4, 4), (3, 1)]


def sequences(shared, rows, own, width):
    """Sequences (B, P + R, W) that begin with the same tokens."""
    chance = torch.Generator().manual_seed(shared + rows)
    before = torch.randn(1, shared, width, generator=chance).expand(rows, -1, -1)
    return torch.cat([before, torch.randn(rows, own, width, generator=chance)], dim=1)


def test_each_token_stands_in_its_order_with_the_position_that_it_has():
    whole = sequences(4, 3, 2, 5)
    row = pack(whole, 4)

    assert row.shape == (1, 4 + 3 * 2, 5)
    assert torch.equal(row[0, :4], whole[1, :4])
    assert torch.equal(own_tokens(row, (4, 3)), whole[:, 4:])
    positions = packed_positions(6, (4, 3), row.device)
    assert positions.tolist() == [[0, 1, 2, 3, 4, 5, 4, 5, 4, 5]]


def layer(heads, groups):
    module = torch.nn.Module()
    module.num_key_value_groups, module.is_causal = heads // groups, True
    return module


def read_and_gradient(heads, groups, packed, whole, attend):
    """What (B, L, W) sequences read, and what that gives as a gradient, all in one tensor."""
    shared, _ = packed
    whole = whole.clone().requires_grad_()
    size = whole.shape[2] // (heads + 2 * groups)
    read = attend(whole, [heads * size, groups * size, groups * size], size)
    weight = torch.arange(read.numel(), device=read.device).reshape(read.shape).sin()
    (read.float() * weight).sum().backward()
    gradient = whole.grad.float()
    return read.detach().float(), torch.cat([gradient[:, :shared].sum(0), gradient[:, shared:].flatten(0, 1)])


def in_one_row(heads, groups, packed, through=packed_attention):
    def attend(whole, sizes, size):
        query, key, value = (
            one.unflatten(2, (-1, size)).transpose(1, 2) for one in pack(whole, packed[0]).split(sizes, 2)
        )
        read = through(layer(heads, groups), query, key, value, packed, scaling=0.3)
        return own_tokens(read.flatten(2), packed)

    return attend


def sequence_by_sequence(heads, groups, packed):
    def attend(whole, sizes, size):
        query, key, value = (one.unflatten(2, (-1, size)).transpose(1, 2) for one in whole.split(sizes, 2))
        key, value = (one.repeat_interleave(heads // groups, dim=1) for one in (key, value))
        read = scaled_dot_product_attention(query, key, value, is_causal=True, scale=0.3)
        return read.transpose(1, 2)[:, packed[0] :].flatten(2)

    return attend


@pytest.mark.parametrize(("heads", "groups"), HEADS)
@pytest.mark.parametrize(("shared", "rows", "own"), [(7, 3, 5), (40, 2, 3), (1, 4, 1)])
def test_sequences_read_what_they_would_apart_and_learn_as_much(heads, groups, shared, rows, own):
    packed, whole = (shared, rows), sequences(shared, rows, own, 8 * (heads + 2 * groups))
    found, expected = (
        read_and_gradient(heads, groups, packed, whole, way(heads, groups, packed))
        for way in (in_one_row, sequence_by_sequence)
    )

    torch.testing.assert_close(found, expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("heads", "groups"), HEADS)
def test_half_precision_on_a_gpu_agrees_with_float32(heads, groups, compiled):
    attention = torch.compile(packed_attention, dynamic=True) if compiled else packed_attention
    for packed, own in (((355, 8), 84), ((112, 3), 99)):
        whole = sequences(*packed, own, 64 * (heads + 2 * groups)).cuda()
        exact = read_and_gradient(heads, groups, packed, whole, sequence_by_sequence(heads, groups, packed))
        float32 = read_and_gradient(heads, groups, packed, whole, in_one_row(heads, groups, packed))
        way = in_one_row(heads, groups, packed, attention)
        half = read_and_gradient(heads, groups, packed, whole.bfloat16(), way)
        for a, b, c in zip(exact, float32, half, strict=True):
            assert (b - a).norm() <= 1e-3 * a.norm()
            assert (c - a).norm() <= 0.02 * a.norm()
