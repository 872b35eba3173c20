"""From which signal-to-noise ratio do scores suffer? It sets `NOISY_BELOW_DB` of `assembly/warnings.py`.

    python benchmarks/noise_threshold.py --corpus DIR

The script adds white noise and babble (six other speakers) to clips of the train split, three of each of ten
speakers, and compares the scores with those of the clips as they are. Weights that learnt from these clips
know their words and voices, though not this noise.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from robustness_cases.bench import Bench, Reading, reading_of, scores_of
from robustness_cases.transforms import Samples, add, noise

from enunciate import Assessment, load_assessor
from enunciate.corpus.speechocean762 import load_corpus

SNRS_DB = (30, 20, 15, 10, 5, 0)
SPEAKERS, CLIPS_EACH, BABBLERS = 10, 3, 6


def main() -> None:
    """Print one row per noise and level, then one per band of the estimated ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="pocket", help="an engine's name, or a folder of weights")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of Speechocean762")
    arguments = parser.parse_args()
    bench = Bench(load_assessor(arguments.model), load_corpus(arguments.corpus, "train"), 0)
    readings, babble = choose(bench)
    rng = bench.rng()
    by_band: dict[int, list[float]] = defaultdict(list)
    print("noise     dB   n  refused  estimate (5% to 95%)  mean |change of total|")
    for kind in ("white", "babble"):
        for snr_db in SNRS_DB:
            pairs = [changed(bench, read, under(kind, read, babble, rng), snr_db) for read in readings]
            kept = [pair for pair in pairs if pair is not None]
            estimates = [estimate for estimate, _ in kept if estimate is not None]
            low, middle, high = np.percentile(estimates, [5, 50, 95])
            change = np.mean([change for _, change in kept])
            estimate = f"{middle:5.1f} ({low:5.1f} to {high:5.1f})"
            print(f"{kind:6} {snr_db:5} {len(kept):3}  {len(pairs) - len(kept):7}  {estimate}  {change:6.2f}")
            for estimate, change in kept:
                if estimate is not None:
                    by_band[int(estimate // 3) * 3].append(change)
    for band, found in sorted(by_band.items()):
        print(f"estimate {band} to {band + 3} dB: n {len(found)}, mean |change| {np.mean(found):.2f}")


def choose(bench: Bench) -> tuple[list[Reading], Samples]:
    """Return clips to be changed, and the babble of other speakers."""
    by_speaker: dict[str | None, list[Reading]] = defaultdict(list)
    for utterance in bench.corpus:
        if len(by_speaker[utterance.speaker]) < CLIPS_EACH:
            by_speaker[utterance.speaker].append(reading_of(utterance))
    speakers: list[int] = bench.rng().permutation(len(by_speaker)).tolist()
    clips = list(by_speaker.values())
    voices = [reading.samples for k in speakers[SPEAKERS : SPEAKERS + BABBLERS] for reading in clips[k]]
    longest = max(map(len, voices))
    babble = np.sum([np.resize(voice / voice.std(), longest) for voice in voices], axis=0)
    return [reading for k in speakers[:SPEAKERS] for reading in clips[k]], babble.astype(np.float32)


def under(kind: str, reading: Reading, babble: Samples, rng: np.random.Generator) -> Samples:
    """Return the noise that is laid under a reading."""
    if kind == "white":
        return noise(len(reading.samples), "white", rng)
    return np.roll(babble, -int(rng.integers(len(babble))))


def changed(
    bench: Bench, reading: Reading, other: Samples, snr_db: float
) -> tuple[float | None, float] | None:
    """Return the estimated ratio and the change of total by size; None where there are no scores."""
    clean = bench.assess(reading.name, reading.samples, reading.text)
    noisy = bench.assess(reading.name, add(reading.samples, other, snr_db), reading.text)
    if not isinstance(noisy, Assessment) or not isinstance(clean, Assessment):
        return None
    return noisy.snr_db, abs(scores_of(noisy)["total"] - scores_of(clean)["total"])


if __name__ == "__main__":
    main()
