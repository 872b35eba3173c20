"""Queries that share keys and values attend as if keys and values were repeated."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from enunciate.speech_lm.families.grouped_attention import grouped_attention


@pytest.mark.parametrize(("heads", "groups"), [(6, 2), (4, 4), (3, 1)])
@pytest.mark.parametrize("length", [1, 5])
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


def test_without_a_mask_it_is_the_attention_of_transformers():
    module = torch.nn.Module()
    module.num_key_value_groups = 2
    query, (key, value) = torch.randn(2, 4, 5, 8), torch.randn(2, 2, 2, 5, 8)
    expected, _ = sdpa_attention_forward(module, query, key, value, None)
    torch.testing.assert_close(grouped_attention(module, query, key, value, None)[0], expected)
