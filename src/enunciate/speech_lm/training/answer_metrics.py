"""The paper's figures over decoded answers: agreement in four scores, words, phones, what did not parse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enunciate.corpus.labels import heard_phones
from enunciate.metrics.correlation import correlation
from enunciate.phones.alignment import EditCounts, count_edits, pooled
from enunciate.phones.plain_words import plain_words
from enunciate.schema import ASPECTS, Aspect, Utterance
from enunciate.speech_lm.decoding.decoder import Decoded, expectation
from enunciate.speech_lm.options import TargetConfig, Task
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, Unparsable

Figures = dict[str, float | None]


@dataclass(frozen=True)
class Answered:
    """One utterance and what the model answered in one task."""

    utterance: Utterance
    task: Task
    decoded: Decoded


def figures(answers: Sequence[Answered], config: TargetConfig) -> Figures:
    """All figures of the tasks that were asked; what cannot be computed is None.

    For each aspect `<aspect>_pcc` and `<aspect>_p` (of the most likely integers) and, where there are
    distributions, `<aspect>_pcc_expected`; their means `pcc` and `pcc_expected`; `wer`, `per`, and the
    matching of phones as in the paper (`precision`, `recall`, `f1`); `unparsable_apa`, `unparsable_mdd`.
    """
    found: Figures = {}
    apa = [answer for answer in answers if answer.task == "apa"]
    mdd = [answer for answer in answers if answer.task == "mdd"]
    if apa:
        found |= _agreement(apa)
    if mdd:
        found |= _transcripts(mdd, config)
    return found


def _agreement(answers: Sequence[Answered]) -> Figures:
    found: Figures = {"n_apa": len(answers), "unparsable_apa": _unparsable(answers)}
    likely: list[float | None] = []
    expected: list[float | None] = []
    for aspect in ASPECTS:
        human = [getattr(answer.utterance.scores, aspect) for answer in answers]
        hard = correlation(human, [_most_likely(answer, aspect) for answer in answers])
        soft = correlation(human, [_expected(answer, aspect) for answer in answers])
        found |= {f"{aspect}_pcc": hard.pcc, f"{aspect}_p": hard.p_value, f"{aspect}_pcc_expected": soft.pcc}
        likely.append(hard.pcc)
        expected.append(soft.pcc)
    return found | {"pcc": _mean(likely), "pcc_expected": _mean(expected)}


def _transcripts(answers: Sequence[Answered], config: TargetConfig) -> Figures:
    phones: list[EditCounts] = []
    words: list[EditCounts] = []
    for answer in answers:
        given = answer.decoded.answer
        heard = given.phones if isinstance(given, MddAnswer) else ()
        said = given.word_transcript.split() if isinstance(given, MddAnswer) else ()
        phones.append(count_edits(heard_phones(answer.utterance, config.starred), heard))
        reference = [plain for word in answer.utterance.words or () for plain in plain_words(word.text)]
        words.append(count_edits(reference, said))
    total = pooled(phones)
    n_reference, n_hypothesis = total.n_reference, total.n_hypothesis
    return {
        "n_mdd": len(answers),
        "unparsable_mdd": _unparsable(answers),
        "wer": pooled(words).error_rate,
        "per": total.error_rate,
        "precision": total.hits / n_hypothesis if n_hypothesis else None,
        "recall": total.hits / n_reference if n_reference else None,
        "f1": 2 * total.hits / (n_reference + n_hypothesis) if n_reference + n_hypothesis else None,
    }


def _unparsable(answers: Sequence[Answered]) -> int:
    return sum(isinstance(answer.decoded.answer, Unparsable) for answer in answers)


def _most_likely(answer: Answered, aspect: Aspect) -> float | None:
    given = answer.decoded.answer
    return float(getattr(given, aspect)) if isinstance(given, ApaAnswer) else None


def _expected(answer: Answered, aspect: Aspect) -> float | None:
    distributions = answer.decoded.distributions
    if distributions is None:
        return None
    return expectation(distributions[aspect])


def _mean(values: Sequence[float | None]) -> float | None:
    """None where any is missing: a mean over fewer scores would not compare."""
    made = [value for value in values if value is not None]
    return float(np.mean(made)) if len(made) == len(values) else None
