"""The paper's metrics over decoded answers: PCC of the four scores, WER, PER, and unparsable answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enunciate.corpus.labels import heard_phones
from enunciate.metrics.correlation import correlate, pair_answers, rank_answers
from enunciate.metrics.records import PhoneMatch
from enunciate.phones import strip_stress
from enunciate.phones.alignment import EditCounts, count_edits, pooled
from enunciate.reading.plain_words import plain_words
from enunciate.schema import ASPECTS, Aspect, Utterance
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer, expectation
from enunciate.speech_lm.options import TargetConfig, Task
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, Unparsable
from enunciate.training.run_folder import Metrics
from enunciate.training.selection_metrics import mean_or_none


@dataclass(frozen=True)
class TaskAnswer:
    """The model's answer to one task on one utterance."""

    utterance: Utterance
    task: Task
    decoded: DecodedAnswer


def answer_metrics(answers: Sequence[TaskAnswer], config: TargetConfig) -> Metrics:
    """Compute all metrics of the tasks that were asked; a metric that cannot be computed is None.

    For each aspect there are `<aspect>_pcc`, `<aspect>_p` and `<aspect>_spearman` (of the most likely
    integers), and `<aspect>_pcc_expected` and `<aspect>_spearman_expected` (None without distributions), with
    the means `pcc`, `spearman`, `pcc_expected` and `spearman_expected` over the aspects. For
    transcripts there are `wer`, `per` (against the heard phones), `per_canonical`, and the paper's matching
    of phones (`precision`, `recall`, `f1`).
    `unparsable_apa` and `unparsable_mdd` count the answers that did not parse.
    """
    metrics: Metrics = {}
    apa = [answer for answer in answers if answer.task == "apa"]
    mdd = [answer for answer in answers if answer.task == "mdd"]
    if apa:
        metrics |= _score_metrics(apa)
    if mdd:
        metrics |= _transcript_metrics(mdd, config)
    return metrics


def _score_metrics(answers: Sequence[TaskAnswer]) -> Metrics:
    metrics: Metrics = {"n_apa": len(answers), "unparsable_apa": _n_unparsable(answers)}
    for aspect in ASPECTS:
        human = [getattr(answer.utterance.scores, aspect) for answer in answers]
        integers = pair_answers(human, [_most_likely(answer, aspect) for answer in answers])
        expectations = pair_answers(human, [_expected(answer, aspect) for answer in answers])
        metrics |= {
            f"{aspect}_pcc": correlate(integers).pcc,
            f"{aspect}_p": correlate(integers).p_value,
            f"{aspect}_spearman": correlate(rank_answers(integers)).pcc,
            f"{aspect}_pcc_expected": correlate(expectations).pcc,
            f"{aspect}_spearman_expected": correlate(rank_answers(expectations)).pcc,
        }
    means = ("pcc", "spearman", "pcc_expected", "spearman_expected")
    return metrics | {name: mean_or_none([metrics[f"{a}_{name}"] for a in ASPECTS]) for name in means}


def _transcript_metrics(answers: Sequence[TaskAnswer], config: TargetConfig) -> Metrics:
    phones: list[EditCounts] = []
    canonical: list[EditCounts] = []
    words: list[EditCounts] = []
    for answer in answers:
        given = answer.decoded.answer
        heard = given.phones if isinstance(given, MddAnswer) else ()
        said = given.word_transcript.split() if isinstance(given, MddAnswer) else ()
        canonical.append(count_edits(_canonical_phones(answer.utterance), heard))
        phones.append(count_edits(heard_phones(answer.utterance, config.starred), heard))
        reference = [plain for word in answer.utterance.words or () for plain in plain_words(word.text)]
        words.append(count_edits(reference, said))
    match = PhoneMatch.from_edits(pooled(phones))
    return {
        "n_mdd": len(answers),
        "unparsable_mdd": _n_unparsable(answers),
        "wer": pooled(words).error_rate,
        "per": pooled(phones).error_rate,
        "per_canonical": pooled(canonical).error_rate,
        "precision": match.precision,
        "recall": match.recall,
        "f1": match.f1,
    }


def _canonical_phones(utterance: Utterance) -> tuple[str, ...]:
    return tuple(strip_stress(phone) for word in utterance.words or () for phone in word.phones)


def _n_unparsable(answers: Sequence[TaskAnswer]) -> int:
    return sum(isinstance(answer.decoded.answer, Unparsable) for answer in answers)


def _most_likely(answer: TaskAnswer, aspect: Aspect) -> float | None:
    given = answer.decoded.answer
    return float(getattr(given, aspect)) if isinstance(given, ApaAnswer) else None


def _expected(answer: TaskAnswer, aspect: Aspect) -> float | None:
    distributions = answer.decoded.distributions
    return None if distributions is None else expectation(distributions[aspect])
