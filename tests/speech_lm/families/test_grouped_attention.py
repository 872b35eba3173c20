"""Queries that share keys and values attend as if keys and values were repeated."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from enunciate.speech_lm.families.grouped_attention import grouped_attention

LIKE_THE_MODEL = pytest.mark.parametrize(("heads", "groups"), [(6, 2), (4, 4), (3, 1)])
LENGTHS = pytest.mark.parametrize("length", [1, 5])


@LIKE_THE_MODEL
@LENGTHS
def test_a_mask_is_that_of_every_head_of_a_group(heads, groups, length):
    chance = torch.Generator().manual_seed(heads + length)
    query = torch.randn(3, heads, length, 8, generator=chance)
    key, value = torch.randn(2, 3, groups, 11, 8, generator=chance)
    mask = torch.rand(3, 1, length, 11, generator=chance) < 0.5
    mask[..., 0] = True
    repeated = (one.repeat_interleave(heads // groups, dim=1) for one in (key, value))
    expected = scaled_dot_product_attention(query, *repeated, mask, scale=0.3).transpose(1, 2)
    found, _ = grouped_attention(torch.nn.Module(), query, key, value, mask, scaling=0.3)
    torch.testing.assert_close(found, expected)


def with_prefixes(heads, groups, length, prefix_lengths, **like):
    """Queries, keys, values, a mask and prefixes of four sequences, and what they read without sharing."""
    chance = torch.Generator().manual_seed(length)
    query = torch.randn(4, heads, length, 8, generator=chance).to(**like)
    key, value = torch.randn(2, 4, groups, 16, 8, generator=chance).to(**like)
    mask = torch.rand(4, 1, length, 16, generator=chance).to(like.get("device")) < 0.5
    mask[..., 0] = True
    prefixes = [
        tuple(torch.randn(2, 1, groups, n, 8, generator=chance).to(**like).unbind()) for n in prefix_lengths
    ]
    each = 4 // len(prefixes)
    read = []
    for row in range(4):
        before = prefixes[row // each]
        whole = [
            torch.cat([shared, own[row : row + 1]], dim=2).repeat_interleave(heads // groups, dim=1)
            for shared, own in zip(before, (key, value), strict=True)
        ]
        seen = torch.nn.functional.pad(mask[row : row + 1], (before[0].shape[2], 0), value=True)
        read.append(scaled_dot_product_attention(query[row : row + 1], *whole, seen, scale=0.3))
    return (query, key, value, mask), prefixes, torch.cat(read).transpose(1, 2)


@LIKE_THE_MODEL
@LENGTHS
@pytest.mark.parametrize("prefix_lengths", [[7], [7, 19], [3, 1, 2, 40]])
def test_a_prefix_is_attended_to_as_if_each_sequence_had_a_copy(heads, groups, length, prefix_lengths):
    inputs, prefixes, expected = with_prefixes(heads, groups, length, prefix_lengths)
    found, _ = grouped_attention(torch.nn.Module(), *inputs, scaling=0.3, prefixes=prefixes)
    torch.testing.assert_close(found, expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("prefix_lengths", [[359], [115, 359]])
@pytest.mark.parametrize(
    ("dtype", "compiled"), [(torch.float32, False), (torch.bfloat16, False), (torch.bfloat16, True)]
)
def test_so_it_is_on_a_gpu(dtype, compiled, prefix_lengths):
    attention = torch.compile(grouped_attention, dynamic=True) if compiled else grouped_attention
    for length in (1, 57):
        inputs, prefixes, expected = with_prefixes(6, 2, length, prefix_lengths, device="cuda", dtype=dtype)
        found, _ = attention(torch.nn.Module(), *inputs, scaling=0.3, prefixes=prefixes)
        exact = dtype == torch.float32
        torch.testing.assert_close(
            found, expected, rtol=1e-3 if exact else 0.02, atol=1e-3 if exact else 0.02
        )


def test_without_a_mask_it_is_the_attention_of_transformers():
    module = torch.nn.Module()
    module.num_key_value_groups = 2
    query, (key, value) = torch.randn(2, 4, 5, 8), torch.randn(2, 2, 2, 5, 8)
    expected, _ = sdpa_attention_forward(module, query, key, value, None)
    torch.testing.assert_close(grouped_attention(module, query, key, value, None)[0], expected)
