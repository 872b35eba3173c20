"""The figures of a speech language model in `results.json`, by hand and against jiwer and SciPy."""

import json
from collections.abc import Sequence
from pathlib import Path

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.evaluation_cases import make_assessment, make_corpus, make_utterance, perfect

from enunciate.corpus.labels import heard_phones
from enunciate.engines import OnePassAssessor
from enunciate.errors import AudioSilentError, TextTooLongError
from enunciate.evaluation.run import evaluate
from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.records import Results
from enunciate.metrics.results import summarise
from enunciate.metrics.transcription import count_word_edits, transcription
from enunciate.phones.alignment import EditCounts
from enunciate.schema import Assessment, Score, UnparsableAnswer, Utterance

NOT_READ = {task: UnparsableAnswer(task=task, raw="I hear", reason="not JSON") for task in ("apa", "mdd")}


def heard(
    utterance: Utterance,
    phones: str | None = "K AE T",
    words: str | None = "word",
    value: float = 5,
    unparsable: Sequence[str] = (),
) -> Evaluated:
    assessment = make_assessment(utterance, value=value).model_copy(
        update={"transcript": words, "unparsable": tuple(NOT_READ[task] for task in unparsable)}
    )
    return Evaluated(utterance, assessment, None if phones is None else tuple(phones.split()))


def test_words_are_compared_without_case_and_punctuation_and_pooled() -> None:
    texts = {"It's TEN o'clock, Tom.": "it's 10 o'clock tim", "GO HOME": "go"}
    pairs = []
    for text, words in texts.items():
        pair = heard(make_utterance(id=text), words=words)
        utterance = pair.utterance.model_copy(update={"words": None, "text": text})
        pairs.append(Evaluated(utterance, pair.assessment, None))
    # One substitution in four words, one deletion in two.
    assert transcription(pairs).wer == pytest.approx(2 / 6)
    assert transcription(pairs).per is None


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=6),
)
def test_word_edits_are_jiwers(reference: list[str], hypothesis: list[str]) -> None:
    found = count_word_edits(reference, hypothesis)
    assert found.error_rate == pytest.approx(jiwer.wer(" ".join(reference), " ".join(hypothesis)))


def test_the_reference_of_the_phone_error_rate_is_what_a_model_is_taught() -> None:
    utterance = make_utterance(
        phones="K AE1 T S IH0 Z", phone_scores=(2, 0.2, 0.3, 0, 2, 0.4), said={2: "T*", 3: "<DEL>", 5: "S"}
    )
    reference = heard_phones(utterance)
    assert reference == ("K", "<unk>", "T*", "IH", "S")
    taught = transcription([heard(utterance, "K <unk> T* IH S")])
    assert (taught.per, taught.phone_match.f1) == (0, 1)
    # `<unk>` and `T*` are symbols like any other: naming a phone there is wrong.
    named = transcription([heard(utterance, "K AE T IH S")])
    assert named.per == pytest.approx(2 / 5)
    assert named.phone_match.precision == pytest.approx(3 / 5)


def test_phone_match_by_hand() -> None:
    found = transcription([heard(make_utterance(), "K AH T S S")])
    # K and T match, AH is a substitution, S S are insertions.
    assert found.per == pytest.approx(3 / 3)
    match = found.phone_match
    assert (match.precision, match.recall, match.f1) == (pytest.approx(2 / 5), pytest.approx(2 / 3), 0.5)


def test_starred_phones_count_as_plain_where_recognition_is_compared() -> None:
    found = summarise([heard(make_utterance(), "K* AE0 T")])
    assert found.recognition.per_without_text == 0
    assert found.per == pytest.approx(1 / 3)


def test_an_engine_without_words_has_no_word_error_rate() -> None:
    found = transcription([perfect(utterance) for utterance in make_corpus()])
    assert (found.wer, found.wer_ci95, found.n_unparsable) == (None, None, 0)
    assert found.per is not None


def test_answers_that_do_not_parse_are_counted_and_are_all_deletions() -> None:
    utterances = [make_utterance(id=name, speaker=name) for name in "abc"]
    pairs = [
        heard(utterances[0]),
        heard(utterances[1], "", None, unparsable=("mdd",)),
        heard(utterances[2], unparsable=("apa",)),
    ]
    found = transcription(pairs)
    assert (found.n_unparsable, found.n_unparsable_apa, found.n_unparsable_mdd) == (2, 1, 1)
    assert found.wer == pytest.approx(1 / 3)
    assert found.per == pytest.approx(3 / 9)


def test_an_engine_none_of_whose_answers_parse_gets_the_worst_rates_and_not_none() -> None:
    found = transcription([heard(make_utterance(), "", None, unparsable=("apa", "mdd"))])
    assert (found.wer, found.per, found.phone_match.recall) == (1, 1, 0)
    assert found.per_and_accuracy.human.pcc is None


def spread(n: int = 12) -> list[Evaluated]:
    """More and more phones wrong, with human and predicted accuracies that follow, roughly."""
    rng = np.random.default_rng(0)
    pairs = []
    for index in range(n):
        utterance = make_utterance(id=str(index), human=int(rng.integers(0, 11)), speaker=f"s{index % 5}")
        phones = ["K AE T", "K AE", "K AE T S", "T", "K"][int(rng.integers(0, 5))]
        pairs.append(heard(utterance, phones, value=float(rng.uniform(0, 10))))
    return pairs


def own_rates(pairs: Sequence[Evaluated]) -> list[float]:
    return [jiwer.wer("K AE T", " ".join(pair.recognised_phones or ())) for pair in pairs]


def test_the_error_rate_of_utterances_beside_human_and_predicted_accuracy() -> None:
    pairs = spread()
    found = transcription(pairs).per_and_accuracy
    for relation, accuracy in (
        (found.human, [p.utterance.scores.accuracy for p in pairs]),
        (found.predicted, [p.assessment.accuracy.value for p in pairs]),
    ):
        expected = stats.pearsonr(accuracy, own_rates(pairs))
        assert relation.pcc == pytest.approx(expected.statistic)
        assert relation.p_value == pytest.approx(expected.pvalue)
        assert relation.ci95 is not None and relation.ci95[0] < relation.pcc < relation.ci95[1]
        assert (relation.n, relation.n_unanswered) == (12, 0)


def test_failures_never_strengthen_the_relation() -> None:
    pairs = spread()
    for failed in (
        Evaluated(pairs[0].utterance, None, None),
        heard(pairs[0].utterance, "", None, unparsable=("mdd",)),
    ):
        without, found = transcription(pairs[1:]), transcription([failed, *pairs[1:]])
        assert found.per_and_accuracy.human.n == without.per_and_accuracy.human.n + 1
        assert found.per_and_accuracy.human.n_unanswered == 1
        assert abs(found.per_and_accuracy.human.pcc) <= abs(without.per_and_accuracy.human.pcc) + 1e-9
        assert found.per > without.per


def test_all_figures_are_on_the_top_level_of_the_results() -> None:
    found = json.loads(summarise([heard(u) for u in make_corpus()]).model_dump_json())
    assert {"wer", "per", "phone_match", "per_and_accuracy", "n_unparsable"} <= found.keys()
    assert Results.model_validate(found).wer == 0


def test_the_most_likely_integer_is_measured_beside_the_expectation() -> None:
    pairs = spread()
    assert summarise(pairs).apa.total.pcc_most_likely is None
    whole = [2, 3, 4, 9, 1, 0, 10, 5, 6, 7, 8, 8]
    rounded = []
    for pair, integer in zip(pairs, whole, strict=True):
        score = Score(value=pair.assessment.total.value, low=0, high=10, most_likely=integer)
        rounded.append(
            Evaluated(
                pair.utterance, pair.assessment.model_copy(update={"total": score}), pair.recognised_phones
            )
        )
    found = summarise(rounded).apa.total
    human = [pair.utterance.scores.total for pair in pairs]
    assert found.pcc_most_likely == pytest.approx(stats.pearsonr(human, whole).statistic)
    assert found.pcc == summarise(pairs).apa.total.pcc


def test_counts_of_words_and_phones_are_of_one_kind() -> None:
    assert count_word_edits(["a", "b", "c"], ["a", "x", "c", "d"]) == EditCounts(2, 1, 0, 1)


# ----------------------------------------------------------------------------- both answers at once

CORPUS = make_corpus(n_speakers=5, per_speaker=4)


class Double:
    """Says what it was asked: `both` for one call that does two things."""

    name = "double 1"
    batch_size = 8

    def __init__(self, silent: Sequence[str] = (), too_long: Sequence[str] = ()) -> None:
        self.silent, self.too_long = set(silent), set(too_long)
        self.calls: list[tuple[str, int]] = []

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        self.calls.append(("assess", len(utterances)))
        self._check(utterances)
        return [make_assessment(u, model=self.name) for u in utterances]

    def _check(self, utterances: Sequence[Utterance]) -> None:
        for utterance in utterances:
            if utterance.id in self.silent:
                raise AudioSilentError(utterance.id)
            if utterance.id in self.too_long:
                raise TextTooLongError(utterance.id)

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        self.calls.append(("recognise", len(utterances)))
        for utterance in utterances:
            if utterance.id in self.silent:
                raise AudioSilentError(utterance.id)
        return [("K",) for _ in utterances]

    def assess_and_recognise(self, utterances: Sequence[Utterance]) -> list[tuple[Assessment, tuple | None]]:
        self.calls.append(("both", len(utterances)))
        self._check(utterances)
        return [(make_assessment(u, model=self.name), ("K",)) for u in utterances]


def test_an_engine_that_can_do_both_at_once_is_asked_once_in_batches_of_its_size(tmp_path: Path) -> None:
    engine = Double()
    assert isinstance(engine, OnePassAssessor)
    evaluate(engine, CORPUS, tmp_path)
    assert engine.calls == [("both", 8), ("both", 8), ("both", 4)]


def test_a_bad_clip_is_looked_for_by_halves_and_done_again_apart(tmp_path: Path) -> None:
    engine = Double(silent=[CORPUS[3].id], too_long=[CORPUS[9].id])
    evaluate(engine, CORPUS, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "predictions.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [utterance.id for utterance in CORPUS]
    assert [row["id"] for row in rows if row["error"]] == [CORPUS[3].id, CORPUS[9].id]
    silent, too_long = rows[3], rows[9]
    assert silent["assessment"] is None and silent["free_phones"] is None
    assert too_long["assessment"] is None and too_long["free_phones"] == ["K"]
    first_batch = [size for call, size in engine.calls[:7] if call == "both"]
    assert first_batch == [8, 4, 2, 2, 1, 1, 4]
    assert engine.calls[7:9] == [("assess", 1), ("recognise", 1)]


def test_an_engine_that_hears_no_phones_has_no_rates_of_them(tmp_path: Path) -> None:
    class Deaf(Double):
        def assess_and_recognise(self, utterances: Sequence[Utterance]):
            return [(make_assessment(u, model=self.name), None) for u in utterances]

    found = evaluate(Deaf(), CORPUS, tmp_path)
    assert (found.per, found.recognition.per_without_text, found.wer) == (None, None, None)
    assert found.n_failed == 0
