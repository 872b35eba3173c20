"""The int8 engine of `whisper` against the answers that the same adapter gave in torch, on random test clips.

    python benchmarks/whisper_int8.py --adapter ADAPTER --corpus CORPUS [--base FOLDER] [--clips 200]

`ADAPTER` is a folder of `enunciate train whisper-base-lora protocol=official`, whose `answers.jsonl` are the
answers of the merged model in half precision. Prints the agreement of the two, their correlation with human
scores on these clips, their phone error rates against the canonical phones, the clips in which the int8
engine writes a word four or more times in a row, and the processor time of both tasks by length of the clip.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before numpy is imported

import numpy as np

from enunciate.audio import SAMPLE_RATE_HZ, load
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.phones import strip_stress
from enunciate.phones.alignment import count_edits, pooled
from enunciate.schema import ASPECTS, Utterance
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer, expectation
from enunciate.speech_lm.targets import MddAnswer
from enunciate.speech_lm.training.saved_answers import ANSWERS
from enunciate.speech_lm.whisper_onnx.loading import load_whisper

MANY = 4


def answer_of(scores: DecodedAnswer, transcript: DecodedAnswer) -> dict[str, Any]:
    """Return the two answers as a row of `answers.jsonl`."""
    assert scores.distributions is not None and isinstance(transcript.answer, MddAnswer)
    expected = {aspect: expectation(scores.distributions[aspect]) for aspect in ASPECTS}
    words = transcript.answer.word_transcript
    return expected | {"transcript": words, "free_phones": list(transcript.answer.phones)}


def is_circle(transcript: str) -> bool:
    """Whether a word follows itself so often that nobody can have meant it."""
    return any(len(list(run)) >= MANY for _, run in groupby(transcript.split()))


def error_rate(references: list[list[str]], rows: list[dict[str, Any]]) -> float:
    """Return the pooled phone error rate."""
    edits = pooled(
        count_edits(known, row["free_phones"]) for known, row in zip(references, rows, strict=True)
    )
    return edits.errors / edits.n_reference


def canonical(utterance: Utterance) -> list[str]:
    """Return the phones that the text asks for."""
    return [strip_stress(phone) for word in utterance.words or () for phone in word.phones]


def main() -> None:
    """Read the command line, decode, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--adapter", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--clips", type=int, default=200)
    arguments = parser.parse_args()
    lines = (arguments.adapter / ANSWERS).read_text().splitlines()
    in_torch = {row["id"]: row for row in map(json.loads, lines)}
    everything = [u for u in load_corpus(arguments.corpus, "test") if u.id in in_torch]
    utterances = Random(0).sample(everything, min(arguments.clips, len(everything)))
    decoder = load_whisper(arguments.adapter, base=arguments.base)._decoder
    rows: list[dict[str, Any]] = []
    seconds: list[tuple[float, float]] = []
    for utterance in utterances:
        samples = load(utterance.audio).samples
        begun = time.process_time()
        answers = decoder.decode_tasks(["apa", "mdd"], [(samples, None)])
        seconds.append((len(samples) / SAMPLE_RATE_HZ, time.process_time() - begun))
        rows.append(answer_of(answers["apa"][0], answers["mdd"][0]))
    report(utterances, rows, [in_torch[utterance.id] for utterance in utterances])
    report_times(np.array(seconds))


def report(utterances: list[Utterance], rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    """Print what the two engines say."""
    print(f"{len(rows)} clips; int8, then torch")
    for aspect in ASPECTS:
        human = np.array([getattr(utterance.scores, aspect) for utterance in utterances], dtype=float)
        own, other = (np.array([row[aspect] for row in every]) for every in (rows, others))
        print(
            f"{aspect}: PCC with people {np.corrcoef(human, own)[0, 1]:.3f} and "
            f"{np.corrcoef(human, other)[0, 1]:.3f}; of the two {np.corrcoef(own, other)[0, 1]:.4f}; "
            f"mean difference {np.mean(own - other):+.3f}, absolute {np.mean(abs(own - other)):.3f}"
        )
    references = [canonical(utterance) for utterance in utterances]
    print(
        f"PER against canonical phones: {error_rate(references, rows):.4f}, "
        f"{error_rate(references, others):.4f}"
    )
    between = error_rate([other["free_phones"] for other in others], rows)
    pairs = list(zip(rows, others, strict=True))
    same = sum(own["free_phones"] == other["free_phones"] for own, other in pairs)
    words = sum(own["transcript"] == other["transcript"] for own, other in pairs)
    print(f"phones of int8 against those of torch: error rate {between:.4f}; the same in {same} clips")
    print(f"words the same in {words} clips")
    for name, every in (("int8", rows), ("torch", others)):
        print(
            f"a word {MANY} or more times in a row, {name}: {sum(is_circle(r['transcript']) for r in every)}"
        )


def report_times(seconds: np.ndarray) -> None:
    """Print the processor time of both tasks, by length of the clip; rows are (length, time) in seconds."""
    length, taken = seconds.T
    print(f"both tasks, processor time: mean {taken.mean():.3f} s a clip of {length.mean():.1f} s on average")
    for low, high in ((0, 3), (3, 5), (5, 8), (8, 30)):
        chosen = taken[(length >= low) & (length < high)]
        if len(chosen):
            median, most = np.median(chosen), chosen.max()
            print(f"  {low} to {high} s: {len(chosen)} clips, median {median:.3f}, most {most:.3f} s")


if __name__ == "__main__":
    main()
