"""The engine `both`: what it asks of the two engines, and what it takes of each."""

import pytest
from support.both_cases import FakePocket, FakeWhisper, phrase, scores, utterance
from support.paths import ASSETS

from enunciate.both.assessor import LONGEST_TRANSCRIPT_S, BothAssessor
from enunciate.both.means import WEIGHT_WITH_TEXT, WEIGHT_WITHOUT_TEXT
from enunciate.engines import Assessor, StreamingAssessor, load_assessor
from enunciate.schema import ASPECTS, PhraseResult, Utterance

SENTENCE = "I think the weather is nice today."


def values(scored):
    """The four scores, which a test gives all alike."""
    return [getattr(scored, aspect).value for aspect in ASPECTS]


def four(value):
    return pytest.approx([value] * 4)


def codes(assessment):
    return [notice.code for notice in assessment.warnings]


def test_it_is_an_engine_with_the_names_of_both():
    both = BothAssessor(FakePocket(), FakeWhisper({}))

    assert isinstance(both, StreamingAssessor)
    engine: Assessor = both
    assert (engine.name, engine.batch_size) == ("both (pocket 0, whisper 0)", 1)


@pytest.mark.parametrize(("text", "weight"), [("one two", WEIGHT_WITH_TEXT), (None, WEIGHT_WITHOUT_TEXT)])
def test_the_weights_depend_on_whether_there_is_a_text(text, weight):
    both = BothAssessor(FakePocket(phrase(0, 0.2, 1.8, 6, text)), FakeWhisper({text: 8}))

    (found,) = both.assess([utterance(2.0, text)])

    assert values(found) == four(6 + 2 * weight)
    assert found.model == both.name and codes(found) == []


def test_all_but_the_scores_of_the_whole_is_pockets():
    pocket = FakePocket(phrase(0, 0.2, 1.8, 6, "one two"), warning="noisy")
    *_, alone = pocket.assess_stream(utterance(2.0))

    (found,) = BothAssessor(pocket, FakeWhisper({"one two": 8})).assess([utterance(2.0)])

    changed = {"model", *ASPECTS}
    assert found.model_dump(exclude=changed) == alone.model_dump(exclude=changed)


def test_whisper_hears_a_whole_clip_of_one_phrase():
    whisper = FakeWhisper({"one two": 8})

    BothAssessor(FakePocket(phrase(0, 0.9, 2.2, 6, "one two")), whisper).assess([utterance(3.0)])

    assert whisper.asked == [(3.0, "one two")]


def test_whisper_is_told_the_words_as_spoken():
    whisper = FakeWhisper({})
    spoken = phrase(0, 0.2, 1.8, 6, "pay $2")
    pay, two = spoken.words
    words = (pay, two.model_copy(update={"read_as": "two dollars"}))

    BothAssessor(FakePocket(spoken.model_copy(update={"words": words})), whisper).assess([utterance(2.0)])

    assert whisper.asked == [(2.0, "pay two dollars")]


def test_whisper_hears_each_phrase_of_a_reading_with_half_a_second_around_it():
    whisper = FakeWhisper({"one two": 8, "three": 5, "four": 5})
    told = (phrase(0, 2, 4, 6, "one two"), phrase(1, 7, 9, 6, "three"), phrase(2, 37.7, 39.7, 6, "four"))

    (found,) = BothAssessor(FakePocket(*told), whisper).assess([utterance(40.0, "one two three four")])

    assert whisper.asked == [(3.0, "one two"), (3.0, "three"), (pytest.approx(2.8), "four")]
    assert values(found) == four(6)


def test_a_phrase_that_whisper_cannot_score_has_the_scores_of_pocket():
    told = (phrase(0, 1, 2, 6, "one"), phrase(1, 3, 4, 6, "two"), phrase(2, 5, 6, 6, "three"))
    both = BothAssessor(FakePocket(*told), FakeWhisper({"one": 9, "two": None}))

    *phrases, whole = both.assess_stream(utterance(7.0))

    assert [values(one) for one in phrases] == [four(6 + 3 * WEIGHT_WITH_TEXT), four(6), four(6)]
    assert values(whole) == four(6 + 1 * WEIGHT_WITH_TEXT)
    assert codes(whole) == []


@pytest.mark.parametrize("answers", [{}, {"one two": None}])
def test_where_whisper_scores_nothing_the_answer_says_so(answers):
    both = BothAssessor(FakePocket(phrase(0, 0.2, 1.8, 6, "one two")), FakeWhisper(answers))

    (found,) = both.assess([utterance(2.0)])

    assert values(found) == four(6)
    assert codes(found) == ["one_engine"]


def test_what_pocket_takes_for_silences_between_phrases_is_taken_whole():
    told = (phrase(0, 1, 2, 6, "one"), phrase(1, 8, 9, 6, "two"))
    slow = scores(6) | {"fluency": scores(4)["fluency"]}

    (found,) = BothAssessor(FakePocket(*told, whole=slow), FakeWhisper({"one": 8, "two": 8})).assess(
        [utterance(10.0)]
    )

    assert found.fluency.value == pytest.approx(found.accuracy.value - 2)


def test_of_another_text_the_scores_are_pockets_in_the_phrases_too():
    told = (phrase(0, 1, 2, 1, "one"), phrase(1, 3, 4, 1, "two"))
    both = BothAssessor(FakePocket(*told, warning="text_mismatch"), FakeWhisper({"one": 9, "two": 9}))

    kept = []
    for result in both.assess_stream(utterance(5.0)):
        if isinstance(result, PhraseResult):
            kept[result.index :] = [result]

    assert kept == list(told)
    assert values(result) == four(1) and result.model == both.name


def test_a_phrase_that_was_told_again_counts_as_it_was_told_last():
    told = (phrase(0, 1, 2, 6, "one"), phrase(1, 3, 4, 2, "other"), phrase(1, 3, 4, 6, "two"))

    (found,) = BothAssessor(FakePocket(*told), FakeWhisper({"one": 8, "other": 2, "two": 8})).assess(
        [utterance(5.0)]
    )

    assert values(found) == four(6 + 2 * WEIGHT_WITH_TEXT)


@pytest.mark.parametrize(
    ("seconds", "transcript", "heard"),
    [(2.0, ("W",), ("W",)), (LONGEST_TRANSCRIPT_S + 1, ("W",), ("P",)), (2.0, (), ("P",))],
)
def test_phones_are_whispers_where_it_can_write_them_down(seconds, transcript, heard):
    both = BothAssessor(FakePocket(), FakeWhisper({}, transcript))

    assert both.recognise([utterance(seconds)]) == [heard]


def test_words_and_phones_of_a_real_clip_are_those_of_the_real_pocket():
    clip = Utterance(id="a", audio=ASSETS / "correct.flac", text=SENTENCE)
    pocket, whisper = load_assessor("pocket"), FakeWhisper({"i think the weather is nice today": 10})

    (found,), (alone,) = BothAssessor(pocket, whisper).assess([clip]), pocket.assess([clip])

    assert (found.words, found.completeness, found.pauses) == (alone.words, alone.completeness, alone.pauses)
    for aspect in ASPECTS:
        mean = (1 - WEIGHT_WITH_TEXT) * getattr(alone, aspect).value + WEIGHT_WITH_TEXT * 10
        assert getattr(found, aspect).value == pytest.approx(mean)


def test_a_passage_that_was_not_read_is_neither_told_whisper_nor_counted():
    unread = [one.model_copy(update={"start_s": None}) for one in phrase(1, 0, 0, 0, "three four", 900).words]
    phones = [one.model_copy(update={"start_s": None}) for one in phrase(1, 0, 0, 0, None, 900).phones]
    first, second = phrase(0, 0.5, 2.0, 4, "one two"), phrase(1, 3.0, 4.5, 4, "five six")
    second = second.model_copy(
        update={"words": (*unread, *second.words), "phones": (*phones, *second.phones)}
    )
    whisper = FakeWhisper({"one two": 6, "five six": 8})

    (found,) = BothAssessor(FakePocket(first, second, whole=scores(4)), whisper).assess([utterance(5.0)])

    assert [text for _, text in whisper.asked] == ["one two", "five six"]
    assert values(found) == four(4 + WEIGHT_WITH_TEXT * 3)
