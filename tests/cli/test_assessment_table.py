"""The table of one assessment, in a terminal and in a file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from rich.text import Text
from support.fake_assessor import assessment_of, without_times

from enunciate.cli.assessment_table import assessment_table, style_of
from enunciate.cli.terminal import as_text
from enunciate.schema import PhoneQuality, Utterance

WITH_TEXT = assessment_of(Utterance(id="a.wav", audio=Path("a.wav"), text="I think I left"), 2.5)
WITHOUT_TEXT = assessment_of(Utterance(id="a.wav", audio=Path("a.wav")), 2.5)


def in_terminal(view: RenderableType, width: int = 80) -> str:
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=True, color_system="standard", highlight=False).print(view)
    return file.getvalue()


TABLE = """\
a.wav  (2.5 s, fake 1)

I think* I (left)

              score  90% interval
accuracy        7.0    5.5 to 8.5
fluency         8.0    6.5 to 9.5
prosodic        6.0    4.5 to 7.5
total           4.5    3.0 to 6.0
completeness   10.0

word       at  score  phones
I       0.0 s    9.0  AY
think*  0.1 s    3.0  TH*   IH NG K
                      S 87%
I       0.5 s    9.0  AY
(left)  0.6 s    3.0  L*    EH*   F*    T*
                      - 87% - 87% - 87% - 87%

* mispronounced; below, the phone heard (- for none) and its probability
(word) omitted
speech rate: 8.5 phones/s, 2.1 words/s; articulation rate: 10.2 phones/s
pauses: 0.5 to 0.9 s
"""


def test_the_table_of_a_clip_with_a_reference_text() -> None:
    assert as_text(assessment_table(WITH_TEXT)) == TABLE


def test_a_token_shows_how_it_was_read() -> None:
    first, *others = WITH_TEXT.words
    words = (first.model_copy(update={"text": "$1", "read_as": "a dollar"}), *others)
    table = as_text(assessment_table(WITH_TEXT.model_copy(update={"words": words})))
    assert "$1      0.0 s    9.0  read as: a dollar\n                      AY\n" in table


def test_without_a_text_the_phones_heard_are_shown() -> None:
    assert (
        as_text(assessment_table(WITHOUT_TEXT))
        == """\
a.wav  (2.5 s, fake 1)

phones heard:
HH AH L  OW

speech rate: 8.5 phones/s; articulation rate: 10.2 phones/s
pauses: 0.5 to 0.9 s
warning: no text was given
"""
    )


def test_words_are_shown_without_utterance_scores_too() -> None:
    mismatch = WITH_TEXT.model_copy(update=dict.fromkeys(("accuracy", "fluency", "prosodic", "total")))
    text = as_text(assessment_table(mismatch))
    assert "90% interval" not in text
    assert "think*" in text


def test_a_terminal_gets_colours_by_score() -> None:
    shown = in_terminal(assessment_table(WITH_TEXT))
    assert "\x1b[31mthink*\x1b[0m" in shown
    assert "\x1b[1;31mTH*  \x1b[0m" in shown
    assert "\x1b[32mIH\x1b[0m" in shown
    assert "\x1b[33m  6.0\x1b[0m" in shown
    assert "\x1b" not in as_text(assessment_table(WITH_TEXT))


@pytest.mark.parametrize(
    ("value", "style"), [(10, "green"), (7.5, "green"), (7.4, "yellow"), (5, "yellow"), (4.9, "red")]
)
def test_colours_go_by_the_share_of_the_highest_score(value: float, style: str) -> None:
    assert style_of(value, 10) == style_of(value / 5, 2) == style


@pytest.mark.parametrize("width", [36, 50, 70])
def test_a_narrow_terminal_loses_no_phone(width: int) -> None:
    text = "Thin national{" + "TH AH " * 12 + "}"
    long = assessment_of(Utterance(id="a.wav", audio=Path("a.wav"), text=text), 2.5)
    shown = Text.from_ansi(in_terminal(assessment_table(long), width)).plain
    assert shown.count("TH*") == shown.count("S 87%") == 13
    assert shown.count("AH") == 12
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= width


def test_brackets_in_a_text_are_not_markup() -> None:
    odd = WITH_TEXT.model_copy(update={"id": "[red]x[/].wav"})
    assert as_text(assessment_table(odd)).startswith("[red]x[/].wav  (")


def test_a_phone_score_alone_does_not_mark_a_phone() -> None:
    word = WITH_TEXT.words[0]
    low = word.phones[0].model_copy(update={"score": PhoneQuality(value=0.1, low=0, high=1)})
    changed = WITH_TEXT.model_copy(update={"words": (word.model_copy(update={"phones": (low,)}),)})
    shown = in_terminal(assessment_table(changed))
    assert "\x1b[31mAY\x1b[0m" in shown


def test_the_words_heard_are_shown_if_the_engine_gives_them() -> None:
    assert "words heard" not in as_text(assessment_table(WITH_TEXT))
    heard = WITH_TEXT.model_copy(update={"transcript": "i sink i"})
    assert "words heard: i sink i\n" in as_text(assessment_table(heard))
    assert "words heard: -\n" in as_text(assessment_table(heard.model_copy(update={"transcript": ""})))


def test_unknown_times_leave_their_cells_and_lines_out() -> None:
    text = as_text(assessment_table(without_times(WITH_TEXT)))
    assert "speech rate" not in text and "pauses" not in text
    assert any(line.split()[:3] == ["I", "-", "9.0"] for line in text.splitlines())
