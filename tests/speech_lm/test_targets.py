"""Targets: what was heard becomes one line of JSON, and any line read back is an answer or says why not."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enunciate.corpus.labels import HEARD_SYMBOLS
from enunciate.reading.plain_words import plain_words
from enunciate.schema import HumanScores, Mispronunciation, ReferenceWord, Utterance
from enunciate.speech_lm.options import TASKS, TargetConfig
from enunciate.speech_lm.targets import (
    ApaAnswer,
    MddAnswer,
    Unparsable,
    parse,
    render,
    target,
)

KEEP, DROP = TargetConfig(), TargetConfig(starred="drop")
BEAR = ("B", "EH1", "R")


def said(pronounced: str, index: int = 1, canonical: str = "EH") -> Mispronunciation:
    return Mispronunciation(canonical=canonical, index=index, pronounced=pronounced)


def bear(scores=(2.0, 0.0, 2.0), *mispronunciations: Mispronunciation) -> Utterance:
    """As in the full corpus where mispronunciations are given; without any, as in a copy that lacks them."""
    word = ReferenceWord(
        text="BEAR", phones=BEAR, phone_scores=scores, mispronunciations=mispronunciations or None
    )
    return Utterance(id="u1", audio=b"", text="BEAR", words=(word,))


# ------------------------------------------------------------------------------------------------ targets


def test_a_whole_word_may_be_left_out():
    gone = [said("<DEL>", index, phone) for index, phone in enumerate(BEAR)]
    answer = target("mdd", bear((0.0, 0.0, 0.0), *gone), KEEP)
    assert answer == MddAnswer(word_transcript="bear", phoneme_transcript="")


def test_scores_become_integers_half_up():
    scores = HumanScores(accuracy=8, fluency=7.5, prosodic=9.4, total=0.2)
    answer = target("apa", Utterance(id="u", audio=b"", scores=scores), KEEP)
    assert answer == ApaAnswer(accuracy=8, fluency=8, prosodic=9, total=0)


@pytest.mark.parametrize("scores", [None, HumanScores(accuracy=8, fluency=8, prosodic=8)])
def test_without_all_four_scores_there_is_no_target(scores):
    assert target("apa", Utterance(id="u", audio=b"", scores=scores), KEEP) is None


def test_words_are_in_lower_case_and_phones_as_heard():
    answer = target("mdd", bear((2.0, 0.0, 2.0), said("AE")), KEEP)
    assert isinstance(answer, MddAnswer)
    assert answer.word_transcript == "bear"
    assert answer.phones == ("B", "AE", "R")


def test_without_words_or_judgements_of_phones_there_is_no_target():
    bare = ReferenceWord(text="BEAR", phones=BEAR)
    assert target("mdd", Utterance(id="u", audio=b"", text="BEAR"), KEEP) is None
    assert target("mdd", Utterance(id="u", audio=b"", words=()), KEEP) is None
    assert target("mdd", Utterance(id="u", audio=b"", words=(bare,)), KEEP) is None


def test_an_empty_list_of_mispronunciations_is_a_judgement():
    word = ReferenceWord(text="BEAR", phones=BEAR, mispronunciations=())
    answer = target("mdd", Utterance(id="u", audio=b"", words=(word,)), KEEP)
    assert answer == MddAnswer(word_transcript="bear", phoneme_transcript="B EH R")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("WE CALL IT BEAR", "we call it bear"),
        ("It’s Tom's — 'really'!", "it's tom's really"),
        ("well-fed café, 21 a.m.", "well fed cafe twenty one a m"),
        ("…", ""),
    ],
)
def test_transcripts_have_plain_words(text, words):
    assert " ".join(plain_words(text)) == words


# -------------------------------------------------------------------------------- rendering and parsing

scores = st.integers(0, 10)
apa_answers = st.builds(ApaAnswer, accuracy=scores, fluency=scores, prosodic=scores, total=scores)
mdd_answers = st.builds(
    MddAnswer,
    word_transcript=st.text(string.ascii_letters + " '’-,.é½7", max_size=40).map(
        lambda text: " ".join(plain_words(text))
    ),
    phoneme_transcript=st.lists(st.sampled_from(HEARD_SYMBOLS), max_size=12).map(" ".join),
)


def test_rendered_answers_look_as_in_the_paper():
    assert (
        render(ApaAnswer(accuracy=8, fluency=8, prosodic=9, total=10))
        == '{"accuracy": 8, "fluency": 8, "prosodic": 9, "total": 10}'
    )
    assert (
        render(MddAnswer(word_transcript="the bear", phoneme_transcript="DH AH B <unk> R*"))
        == '{"word_transcript": "the bear", "phoneme_transcript": "DH AH B <unk> R*"}'
    )


@given(apa_answers)
def test_scores_survive_rendering_and_parsing(answer):
    assert parse("apa", render(answer)) == answer


@given(mdd_answers)
def test_transcripts_survive_rendering_and_parsing(answer):
    assert parse("mdd", render(answer)) == answer


@given(mdd_answers | apa_answers)
def test_white_space_and_the_order_of_keys_do_not_matter(answer):
    task = "apa" if isinstance(answer, ApaAnswer) else "mdd"
    turned = dict(reversed(answer.model_dump().items()))
    assert parse(task, "\n " + json.dumps(turned, indent=3) + "\t\n") == answer


@given(st.sampled_from(TASKS), st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_parsing_never_raises(task, text):
    answer = parse(task, text)
    if isinstance(answer, Unparsable):
        assert answer.raw == text and answer.reason


@given(st.sampled_from(TASKS), mdd_answers | apa_answers, st.data())
def test_nor_does_it_where_an_answer_was_cut_or_changed(task, answer, data):
    text = render(answer)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    changed = text[:start] + data.draw(st.text(max_size=3)) + text[end:]
    parsed = parse(task, changed)
    assert not isinstance(parsed, Unparsable) or (parsed.raw == changed and parsed.reason)


@pytest.mark.parametrize(
    ("task", "text", "reason"),
    [
        ("apa", "", "not JSON"),
        ("apa", "8", "not a JSON object"),
        ("apa", "[" * 100_000, "not JSON"),
        ("apa", "9" * 5_000, "not JSON"),
        ("apa", '{"accuracy": 8, "fluency": 8, "prosodic": 9}', "total"),
        ("apa", '{"accuracy": 8, "fluency": 8, "prosodic": 9, "total": 11}', "total"),
        ("apa", '{"accuracy": 8, "fluency": 8, "prosodic": 9, "total": 8.0}', "total"),
        ("apa", '{"accuracy": "8", "fluency": 8, "prosodic": 9, "total": 8}', "accuracy"),
        ("apa", '{"accuracy": true, "fluency": 8, "prosodic": 9, "total": 8}', "accuracy"),
        ("apa", '{"accuracy": NaN, "fluency": 8, "prosodic": 9, "total": 8}', "accuracy"),
        ("apa", '{"accuracy": 8, "fluency": 8, "prosodic": 9, "total": 8, "more": 1}', "more"),
        ("apa", '{"accuracy": 8, "accuracy": 9, "fluency": 8, "prosodic": 9, "total": 8}', "twice"),
        ("apa", '{"accuracy": 8, "fluency": 8, "prosodic": 9, "total": 8} Good!', "not JSON"),
        ("mdd", '{"word_transcript": "a", "phoneme_transcript": "AH QQ XX"}', "not phones: QQ, XX"),
        ("mdd", '{"word_transcript": "a", "phoneme_transcript": ["AH"]}', "phoneme_transcript"),
        ("mdd", '{"word_transcript": "a"}', "phoneme_transcript"),
    ],
)
def test_a_wrong_answer_keeps_its_text_and_says_why(task, text, reason):
    answer = parse(task, text)
    assert isinstance(answer, Unparsable)
    assert answer.raw == text
    assert reason in answer.reason


def test_stress_and_the_writing_of_words_do_not_matter():
    text = '{"word_transcript": "The  Bear.", "phoneme_transcript": " DH AH0  B EH1 R "}'
    assert parse("mdd", text) == MddAnswer(word_transcript="the bear", phoneme_transcript="DH AH B EH R")


def test_an_answer_cannot_hold_what_would_not_be_read_back():
    with pytest.raises(ValueError, match="single spaces"):
        MddAnswer(word_transcript="The bear", phoneme_transcript="")
    with pytest.raises(ValueError, match="not phones: XX"):
        MddAnswer(word_transcript="", phoneme_transcript="AH XX")
