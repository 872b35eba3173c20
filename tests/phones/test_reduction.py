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
        ("IY0", ("IH",), True),
        ("AE0", ("EH",), True),
        ("UH0", ("UW",), True),
        ("IY1", ("IH",), False),
        ("IY2", ("IH",), False),
        ("IY0", ("N",), False),
        ("IY0", ("IH", "N"), False),
        ("AH0", ("IH",), True),
    ],
)
def test_omissions_weak_vowels_and_assimilated_nasals_are_reductions(canonical, heard, reduced):
    assert is_reduction(canonical, heard) is reduced
