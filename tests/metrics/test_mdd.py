"""Detection, diagnosis and phone error rates, by hand."""

import jiwer
import pytest
from support.evaluation_cases import make_assessment, make_utterance

from enunciate.errors import CorpusError
from enunciate.metrics.mdd import (
    Detection,
    align_to_canonical,
    detect,
    edits_with_text,
    edits_without_text,
    reference_phones,
)
from enunciate.metrics.pairs import (
    Evaluated,
    JudgedPhone,
    PhoneMismatchError,
    judged_phones,
    parse_phone_label,
)
from enunciate.schema import Mispronunciation, ReferenceWord, Utterance


def judge(utterance: Utterance, heard: dict[int, str | None] | None = None) -> list[JudgedPhone]:
    return judged_phones(Evaluated(utterance, make_assessment(utterance, heard=heard), None))


def test_counts_and_rates_by_hand() -> None:
    utterance = make_utterance(phones="K AE1 T S IH Z", phone_scores=(0, 0.4, 0.5, 2, 2, 0.2))
    detection = detect(judge(utterance, heard={0: "G", 2: "D", 5: "S"}))
    # Errors at 0, 1, 5 (0.5 is not under 0.5); flagged 0, 2, 5.
    assert detection == Detection(true_positives=2, false_positives=1, false_negatives=1, true_accepts=2)
    assert detection.precision == pytest.approx(2 / 3)
    assert detection.recall == pytest.approx(2 / 3)
    assert detection.f1 == pytest.approx(2 / 3)
    assert detection.far == pytest.approx(1 / 3)
    assert detection.frr == pytest.approx(1 / 3)
    assert detection.der is None


def test_f1_is_the_harmonic_mean() -> None:
    detection = Detection(true_positives=6, false_positives=2, false_negatives=4)
    assert detection.precision is not None
    assert detection.recall is not None
    assert detection.f1 == pytest.approx(
        2 * detection.precision * detection.recall / (detection.precision + detection.recall)
    )


def test_rates_without_a_denominator_are_none() -> None:
    nothing = detect([])
    rates = (nothing.precision, nothing.recall, nothing.f1, nothing.far, nothing.frr, nothing.der)
    assert rates == (None,) * 6
    missed = Detection(false_negatives=1)
    assert (missed.precision, missed.f1) == (None, 0)


def test_the_flag_decides_and_not_the_predicted_score() -> None:
    utterance = make_utterance(phone_scores=(2, 2, 0))
    assessment = make_assessment(utterance, phone_values=(0.1, 2, 1.9), heard={2: "D"})
    detection = detect(judged_phones(Evaluated(utterance, assessment, None)))
    assert detection == Detection(true_positives=1, true_accepts=2)


def test_unscored_phones_are_left_out() -> None:
    assert detect(judge(make_utterance(phone_scores=None), heard={0: "G"})) == Detection()


@pytest.mark.parametrize(
    ("label", "heard", "wrong"),
    [
        ("D", "D", 0),
        ("D", "S", 1),
        ("D", "T", 1),  # flagged, but heard as the canonical phone
        ("D", None, 1),
        ("<DEL>", None, 0),
        ("<DEL>", "D", 1),
        ("D*", "D", 0),
        ("AH0", "AH", 0),
        ("IH R", "IH R", 0),
        ("IH R", "IH", 1),
    ],
)
def test_a_diagnosis_is_right_only_if_it_is_what_the_annotator_wrote(
    label: str, heard: str | None, wrong: int
) -> None:
    utterance = make_utterance(phone_scores=(2, 2, 0), said={2: label})
    detection = detect(judge(utterance, heard={2: heard}))
    assert (detection.n_diagnosed, detection.n_misdiagnosed, detection.der) == (1, wrong, wrong)


def test_only_detected_and_diagnosable_errors_count_for_diagnosis() -> None:
    utterance = make_utterance(
        phones="K AE T S", phone_scores=(0, 0, 0, 2), said={0: "G", 1: "<unk>", 2: "D", 3: "Z"}
    )
    detection = detect(judge(utterance, heard={0: "G", 1: "AH", 3: "Z"}))
    assert (detection.true_positives, detection.n_diagnosed, detection.der) == (2, 1, 0)


def test_a_failure_misses_errors_and_accepts_nothing() -> None:
    utterance = make_utterance(phone_scores=(0, 2, 2))
    detection = detect(judged_phones(Evaluated(utterance, None, None)))
    assert detection == Detection(false_negatives=1, n_unanswered=3)


def test_an_assessment_without_words_is_no_answer() -> None:
    utterance = make_utterance(phone_scores=(0, 2, 2))
    silent = make_assessment(utterance).model_copy(update={"words": ()})
    detection = detect(judged_phones(Evaluated(utterance, silent, None)))
    assert detection == Detection(false_negatives=1, n_unanswered=3)


def test_the_reference_has_the_annotations_in_place_of_canonical_phones() -> None:
    utterance = make_utterance(
        phones="K AE1 T S IH0 Z",
        phone_scores=(0,) * 6,
        said={0: "<DEL>", 1: "IH0 R", 2: "T*", 3: "<unk>", 5: "S"},
    )
    assert reference_phones(judge(utterance)) == ("IH", "R", "T", "<unk>", "IH", "S")


def test_the_reference_of_an_utterance_without_annotation_is_canonical() -> None:
    assert reference_phones(judge(make_utterance(phone_scores=(0, 0, 0)))) == ("K", "AE", "T")


def test_the_transcription_with_the_text_has_the_heard_phone_where_flagged() -> None:
    utterance = make_utterance(phones="K AE1 T S", phone_scores=(2, 0, 2, 0), said={1: "AH", 3: "<DEL>"})
    # Realised: K AH T. Transcribed: K AH T (S flagged as deleted), K AE T S, K AE (T, S flagged as deleted).
    assert edits_with_text(judge(utterance, heard={1: "AH", 3: None})).errors == 0
    untouched = edits_with_text(judge(utterance))
    assert (untouched.substitutions, untouched.insertions, untouched.n_reference) == (1, 1, 3)
    dropped = edits_with_text(judge(utterance, heard={2: None, 3: None}))
    assert (dropped.substitutions, dropped.deletions, dropped.insertions) == (1, 1, 0)


def test_edits_without_text_agree_with_jiwer() -> None:
    utterance = make_utterance(phones="K AE1 T S", phone_scores=(2, 0, 2, 2), said={1: "AH"})
    free = ("K", "AH0", "D", "S", "S")
    expected = jiwer.wer("K AH T S", "K AH D S S")
    assert edits_without_text(judge(utterance), free).error_rate == pytest.approx(expected)


def test_failures_are_all_deletions() -> None:
    judged = judged_phones(Evaluated(make_utterance(), None, None))
    assert edits_with_text(judged).deletions == 3
    assert edits_without_text(judged, None).deletions == 3


def test_every_kind_of_label_is_parsed() -> None:
    labels = ["AH0", "T*", "IH R", "<DEL>", "<del>", "<unk>", ""]
    assert [parse_phone_label(label) for label in labels] == [
        ("AH",),
        ("T",),
        ("IH", "R"),
        (),
        (),
        ("<unk>",),
        (),
    ]


def recognised(phones, said=None, scores=(2, 0, 2)):
    utterance = make_utterance(phones="K AE1 T", phone_scores=scores, said=said)
    return align_to_canonical(judged_phones(Evaluated(utterance, None, phones)), phones)


def test_recognised_phones_are_aligned_to_the_canonical_ones():
    """In K AE T, AE is mispronounced; from K AH D S, AE is detected, T falsely flagged, and S flags none."""
    detection = detect(recognised(("K", "AH", "D", "S"), said={1: "AH"}))

    assert (detection.true_positives, detection.false_positives, detection.true_accepts) == (1, 1, 1)
    assert (detection.precision, detection.recall, detection.far, detection.frr, detection.der) == (
        0.5,
        1,
        0,
        0.5,
        0,
    )


def test_a_phone_that_is_not_heard_is_flagged_as_deleted():
    judged = recognised(("K", "T"), said={1: "<DEL>"})

    assert [phone.predicted.heard for phone in judged] == ["K", None, "T"]
    assert detect(judged).der == 0


def test_failed_recognition_detects_nothing():
    detection = detect(recognised(None))

    assert (detection.n_unanswered, detection.false_negatives, detection.true_accepts) == (3, 1, 0)


def test_other_phones_than_the_canonical_are_an_error() -> None:
    utterance = make_utterance(phones="K AE1 T")
    for other in ("K AE T S", "K AH T"):
        stranger = make_assessment(make_utterance(phones=other, phone_scores=None))
        with pytest.raises(PhoneMismatchError, match=rf"u1.*\({other}\).*3 \(K AE T\)"):
            judged_phones(Evaluated(utterance, stranger, None))


def test_labels_that_do_not_fit_are_a_corpus_error() -> None:
    with pytest.raises(CorpusError, match="u1, word WORD: 2 phone scores for 3 phones"):
        judge(make_utterance(phone_scores=(2, 2)))
    word = ReferenceWord(
        text="AT",
        phones=("AE", "T"),
        mispronunciations=(Mispronunciation(canonical="T", index=2, pronounced="D"),),
    )
    stray = make_utterance().model_copy(update={"words": (word,)})
    with pytest.raises(CorpusError, match="u1, word AT: a mispronunciation of phone 2 of 2"):
        judged_phones(Evaluated(stray, None, None))
