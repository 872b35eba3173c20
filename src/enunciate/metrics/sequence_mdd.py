"""Detection and diagnosis on three sequences of phones, as most publications on L2-ARCTIC count them.

The canonical phones, those that people heard and those that a system recognised are aligned with each other
in pairs (Qian et al. 2010, Leung et al. 2019). Unlike in `mdd`, a phone that a speaker added is an error
that has to be found, too, and the phones need not be judged one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from enunciate.metrics.mdd import Detection
from enunciate.phones.alignment import align_from_the_end

Verdict = Literal["accepted", "rejected", "missed", "diagnosed", "misdiagnosed"]


def detect_in_sequences(
    canonical: Sequence[str], human: Sequence[str], recognised: Sequence[str] | None
) -> Detection:
    """Count detections and diagnoses of one utterance.

    | people heard | accepted or missed where the system recognised | found where it recognised |
    |---|---|---|
    | the canonical phone | the same | (another phone or none: a false alarm) |
    | another phone | the canonical phone | the same as people, or, misdiagnosed, anything else |
    | nothing | the canonical phone | nothing, or, misdiagnosed, another phone |
    | a phone that was added | nothing | the same as people, or, misdiagnosed, another phone |

    What only the system has added counts nowhere.

    Args:
        canonical: Phones without stress.
        human: What people heard.
        recognised: What the system recognised; None where it failed, so that it missed every error.
    """
    if recognised is None:
        n_errors = sum(phone != heard for phone, heard in align_from_the_end(canonical, human))
        return Detection(false_negatives=n_errors, n_unanswered=len(canonical))
    verdicts = list(_verdicts(canonical, human, recognised))
    n_misdiagnosed = verdicts.count("misdiagnosed")
    n_found = verdicts.count("diagnosed") + n_misdiagnosed
    return Detection(
        true_positives=n_found,
        false_positives=verdicts.count("rejected"),
        false_negatives=verdicts.count("missed"),
        true_accepts=verdicts.count("accepted"),
        n_diagnosed=n_found,
        n_misdiagnosed=n_misdiagnosed,
    )


def _verdicts(canonical: Sequence[str], human: Sequence[str], recognised: Sequence[str]) -> Iterator[Verdict]:
    of_canonical = (found for phone, found in align_from_the_end(canonical, recognised) if phone is not None)
    of_human = (found for phone, found in align_from_the_end(human, recognised) if phone is not None)
    for phone, heard in align_from_the_end(canonical, human):
        beside_canonical = None if phone is None else next(of_canonical)
        found = beside_canonical if heard is None else next(of_human)
        if phone == heard:
            yield "accepted" if found == heard else "rejected"
        elif found == heard:
            yield "diagnosed"
        else:
            yield "missed" if found == phone else "misdiagnosed"
