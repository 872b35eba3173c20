"""What native speakers do in connected speech."""

import pytest

from enunciate.phones.reduction import is_reduction


@pytest.mark.parametrize(
    ("canonical", "heard", "reduced"),
    [
        ("AH", ("IH",), True),
        ("ER", ("AH",), True),
        ("N", ("M",), True),
        ("T", (), True),
        ("TH", ("S",), False),
        ("IY", ("IH",), False),
        ("AA", ("AH",), False),
        ("AH", ("AA",), False),
        ("N", ("M", "AH"), False),
    ],
)
def test_omissions_central_vowels_and_assimilated_nasals_are_reductions(canonical, heard, reduced):
    assert is_reduction(canonical, heard) is reduced
