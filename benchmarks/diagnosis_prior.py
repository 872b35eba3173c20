"""How plausible are confusions, and how sure may a diagnosis be? For the constants of `alternatives.py`.

    python benchmarks/diagnosis_prior.py build/neural

Neural voices say known sounds in place of canonical phones (`enunciate.corpus.synthetic.neural`). For each
phone said wrong, the CTC likelihoods of all alternatives are computed without a prior. The temperature, the
weight of the articulatory distance and the priors of a deletion and an added vowel are those that make what
was said most probable, where substitutions, deletions and added vowels count as often as learners make them
(the counts of L2-ARCTIC; Zhao et al., 2018). The script prints the constants for all voices, and judges
those that half of the voices teach on the other half, and the present ones, on the same phones. The voices
should be unknown to the weights.
"""

# The annotations of scipy leave types open.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from enunciate import Utterance
from enunciate.corpus.synthetic.neural_clip import NeuralClip, read_neural
from enunciate.errors import EnunciateError
from enunciate.phones.articulation import distance_table
from enunciate.pocket import alternatives
from enunciate.pocket.assessor import packaged_weights
from enunciate.pocket.listener import Listener
from enunciate.pocket.symbols import CLASS_OF_PHONE, N_CLASSES, classes_of
from enunciate.schema import Clip

Floats = npt.NDArray[np.float64]
SCHWA = CLASS_OF_PHONE["AH"]
SURE = 0.5
COUNTS = {"another phone": 14_098, "deletion": 3_420, "added vowel": 1_092}
"""How often learners make each kind of error."""


class Case(NamedTuple):
    """A phone that was said wrong."""

    voice: str
    own: int
    """The canonical class."""
    log_likelihoods: Floats
    """(H,) nothing, each phone, the canonical one with a vowel added."""
    said: int
    """The place of what was said among the H."""


def main() -> None:
    """Print the constants, and how often and how surely diagnoses are right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder of neural speech")
    parser.add_argument(
        "--model", type=Path, default=packaged_weights(), help="a folder of weights of pocket"
    )
    parser.add_argument("--engine", default="kokoro", help="the synthesiser whose voices are taken")
    arguments = parser.parse_args()
    found = list(cases(Listener(arguments.model), arguments.folder, arguments.engine))
    voices = sorted({case.voice for case in found})
    now = np.array(
        [
            alternatives.TEMPERATURE,
            alternatives.DISTANCE_WEIGHT,
            alternatives.DELETION_LOG_PRIOR,
            alternatives.ADDED_VOWEL_LOG_PRIOR,
        ]
    )
    constants = ("temperature", "weight of the distance", "deletion", "added vowel")
    for name, value in zip(constants, fitted(now, found), strict=True):
        print(f"{name:22} {value:6.2f}")
    halves = [[case for case in found if case.voice in voices[half::2]] for half in (0, 1)]
    taught = [fitted(now, halves[1]), fitted(now, halves[0])]
    for label, values in (("present", [now, now]), ("other half's", taught)):
        shared = [shares(v, case) for v, half in zip(values, halves, strict=True) for case in half]
        print(f"{label:12} all {judged(shared, [*halves[0], *halves[1]])}")
        for kind in COUNTS:
            pairs = [
                (one, case)
                for one, case in zip(shared, [*halves[0], *halves[1]], strict=True)
                if kind_of(case) == kind
            ]
            print(f"{label:12} {kind} {judged(*map(list, zip(*pairs, strict=True)))}")


def fitted(start: Floats, some: Sequence[Case]) -> Floats:
    """Return the constants that make what was said most probable."""
    return np.asarray(minimize(loss, start, args=(some,), method="Nelder-Mead").x, dtype=np.float64)


def kind_of(case: Case) -> str:
    """Return what kind of error a case is."""
    return "deletion" if case.said == 0 else "added vowel" if case.said == N_CLASSES else "another phone"


def cases(listener: Listener, folder: Path, engine: str) -> Iterator[Case]:
    """Yield the phones that the voices of a folder said wrong."""
    for clip in read_neural(folder):
        if clip.engine == engine and clip.kind == "wrong":
            yield from cases_of(listener, clip)


def cases_of(listener: Listener, clip: NeuralClip) -> Iterator[Case]:
    """Yield the phones of a clip that were said wrong; none where another pronunciation was aligned."""
    canonical = [label for _, phones in clip.words for label in classes_of(phones)]
    audio = Clip(samples=clip.samples, sample_rate_hz=16_000)
    try:
        heard = listener.listen(Utterance(id=clip.id, audio=audio, text=clip.text))
    except EnunciateError:
        return
    if heard.alignment is None or heard.alignment.classes.tolist() != canonical:
        return
    for index, (own, sounds) in enumerate(zip(canonical, clip.said, strict=True)):
        said = place_of(own, classes_of(sounds))
        if said is not None:
            scores = alternatives.log_likelihoods_at(heard.outputs.ctc, heard.alignment, index)
            yield Case(clip.voice, own, scores, said)


def place_of(own: int, said: Sequence[int]) -> int | None:
    """Return the place of what was said among the alternatives, None where it is right or none of them."""
    if not said:
        return 0
    if len(said) == 1:
        return None if said[0] == own else said[0]
    return N_CLASSES if tuple(said) == (own, SCHWA) else None


def shares(values: Floats, case: Case) -> Floats:
    """Return the probabilities of all alternatives but the canonical phone, (H,)."""
    temperature, weight, deletion, added = values
    prior = np.concatenate(([deletion], -weight * distance_table()[case.own - 1], [added]))
    scores = case.log_likelihoods / max(temperature, 0.1) + prior
    scores[case.own] = -np.inf
    odds = np.exp(scores - scores.max())
    return odds / odds.sum()


def loss(values: Floats, some: Sequence[Case]) -> float:
    """Return the mean negative log-probability of what was said, with kinds as frequent as in `COUNTS`."""
    kinds = [kind_of(case) for case in some]
    weights = [COUNTS[kind] / kinds.count(kind) for kind in kinds]
    surprise = [-np.log(shares(values, case)[case.said] + 1e-6) for case in some]
    return float(np.average(surprise, weights=weights))


def judged(shared: Sequence[Floats], some: Sequence[Case]) -> str:
    """Return how often the likeliest alternative is right, how often a sure one is, and how sure they are."""
    right = np.array([int(one.argmax()) == case.said for one, case in zip(shared, some, strict=True)])
    sure = np.array([float(one.max()) for one in shared])
    clear = sure >= SURE
    surprise = -float(np.mean([np.log(o[c.said] + 1e-6) for o, c in zip(shared, some, strict=True)]))
    return (
        f"n {len(some):4}  loss {surprise:.3f}  right {right.mean():.1%}  clear {clear.mean():.1%}, "
        f"of them right {right[clear].mean():.1%}, mean probability {sure[clear].mean():.1%}"
    )


if __name__ == "__main__":
    main()
