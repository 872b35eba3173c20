"""What people read: tables in a terminal and in a file, and rows for a spreadsheet."""

import csv
import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from rich.text import Text
from support.evaluation_cases import make_corpus, perfect
from support.fake_assessor import assessment_of

from enunciate.cli.assessment_table import assessment_table, style_of
from enunciate.cli.csv_rows import CSV_COLUMNS, to_csv
from enunciate.cli.ipa import in_ipa
from enunciate.cli.results_table import results_table
from enunciate.cli.terminal import as_text, facts_table
from enunciate.schema import PhoneQuality, Utterance

WITH_TEXT = assessment_of(Utterance(id="a.wav", audio=Path("a.wav"), text="I think I left"), 2.5)
WITHOUT = assessment_of(Utterance(id="a.wav", audio=Path("a.wav")), 2.5)


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


def test_the_table_of_a_clip() -> None:
    assert as_text(assessment_table(WITH_TEXT)) == TABLE


def test_without_text_the_sounds_that_were_heard() -> None:
    assert (
        as_text(assessment_table(WITHOUT))
        == """\
a.wav  (2.5 s, fake 1)

phones heard:
HH AH L  OW

speech rate: 8.5 phones/s; articulation rate: 10.2 phones/s
pauses: 0.5 to 0.9 s
warning: no text was given
"""
    )


def test_words_without_scores_of_the_whole() -> None:
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
def test_colours(value: float, style: str) -> None:
    assert style_of(value, 10) == style_of(value / 5, 2) == style


@pytest.mark.parametrize("width", [36, 50, 70])
def test_a_narrow_terminal_loses_no_sound(width: int) -> None:
    text = "Thin national{" + "TH AH " * 12 + "}"
    long = assessment_of(Utterance(id="a.wav", audio=Path("a.wav"), text=text), 2.5)
    shown = Text.from_ansi(in_terminal(assessment_table(long), width)).plain
    assert shown.count("TH*") == shown.count("S 87%") == 13
    assert shown.count("AH") == 12
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= width


def test_brackets_in_a_text_are_not_markup() -> None:
    odd = WITH_TEXT.model_copy(update={"id": "[red]x[/].wav"})
    assert as_text(assessment_table(odd)).startswith("[red]x[/].wav  (")


def test_ipa_everywhere() -> None:
    found = in_ipa(WITH_TEXT)
    assert [phone.phone for phone in found.words[1].phones] == ["θ", "ɪ", "ŋ", "k"]
    assert [phone.phone for phone in found.phones][:3] == ["aɪ", "θ", "ɪ"]
    assert found.words[1].phones[0].heard == "s"
    assert found.words[3].phones[0].heard is None
    assert WITH_TEXT.phones[0].phone == "AY"


def test_csv_has_a_row_a_phone() -> None:
    first, *others = list(csv.DictReader(io.StringIO(to_csv(WITH_TEXT))))
    assert tuple(first) == CSV_COLUMNS
    assert len(others) + 1 == len(WITH_TEXT.phones)
    assert others[0] == {
        "id": "a.wav", "word_index": "1", "word": "think", "phone": "TH", "start_s": "0.100",
        "end_s": "0.200", "score": "0.30", "low": "0.00", "high": "2.00", "heard": "S",
        "heard_probability": "0.870", "mispronounced": "true",
    }  # fmt: skip
    assert others[-1]["heard"] == ""
    assert first["mispronounced"] == "false"


def test_csv_without_text_has_empty_cells() -> None:
    lines = to_csv(WITHOUT).splitlines()
    assert lines[1] == "a.wav,,,HH,0.000,0.100,,,,HH,0.870,false"


def test_csv_quotes_what_needs_it() -> None:
    odd = WITHOUT.model_copy(update={"id": 'a, "b".wav'})
    assert next(csv.DictReader(io.StringIO(to_csv(odd))))["id"] == 'a, "b".wav'


def test_a_phone_score_alone_does_not_mark_a_phone() -> None:
    word = WITH_TEXT.words[0]
    low = word.phones[0].model_copy(update={"score": PhoneQuality(value=0.1, low=0, high=1)})
    changed = WITH_TEXT.model_copy(update={"words": (word.model_copy(update={"phones": (low,)}),)})
    shown = in_terminal(assessment_table(changed))
    assert "\x1b[31mAY\x1b[0m" in shown


def test_the_table_of_an_evaluation() -> None:
    pytest.importorskip("scipy")
    pytest.importorskip("kaldialign")
    from enunciate.metrics.results import summarise

    lines = as_text(results_table(summarise([perfect(u) for u in make_corpus()]))).splitlines()
    assert lines[0] == "24 utterances of 6 speakers, 0 failed"
    assert lines[3].split() == ["accuracy", "1.000", "1.000", "to", "1.000", "0.000"]
    assert any(line.split() == ["MDD", "F1", "1.000"] for line in lines)
    # An engine that hears no words has no word error rate.
    assert any(line.split() == ["WER", "-"] for line in lines)


def test_facts() -> None:
    assert as_text(facts_table({"a": "1", "long": "2"})) == "a     1\nlong  2\n"


def test_times_that_are_not_known_leave_their_cells_empty() -> None:
    words = tuple(
        word.model_copy(
            update={
                "start_s": None,
                "phones": tuple(p.model_copy(update={"start_s": None, "end_s": None}) for p in word.phones),
            }
        )
        for word in WITH_TEXT.words
    )
    timeless = WITH_TEXT.model_copy(update={"words": words, "rates": None, "pauses": ()})
    text = as_text(assessment_table(timeless))
    assert "speech rate" not in text and "pauses" not in text
    assert any(line.split()[:3] == ["I", "-", "9.0"] for line in text.splitlines())
    rows = list(csv.DictReader(io.StringIO(to_csv(timeless))))
    assert {(row["start_s"], row["end_s"]) for row in rows} == {("", "")}


def test_the_words_heard_are_shown_where_the_engine_has_them() -> None:
    assert "words heard" not in as_text(assessment_table(WITH_TEXT))
    heard = WITH_TEXT.model_copy(update={"transcript": "i sink i"})
    assert "words heard: i sink i\n" in as_text(assessment_table(heard))
    assert "words heard: -\n" in as_text(assessment_table(heard.model_copy(update={"transcript": ""})))


def test_ipa_of_sounds_that_are_more_or_less_than_a_phone() -> None:
    phone = WITH_TEXT.phones[0]
    signs = {"IH R": "ɪ ɹ", "T*": "t*", "<unk>": "<unk>", "AH": "ʌ"}
    for symbols, expected in signs.items():
        given = WITH_TEXT.model_copy(update={"phones": (phone.model_copy(update={"heard": symbols}),)})
        assert in_ipa(given).phones[0].heard == expected
    word = WITH_TEXT.words[0].model_copy(update={"inserted": ("AH", "<unk>")})
    assert in_ipa(WITH_TEXT.model_copy(update={"words": (word,)})).words[0].inserted == ("ʌ", "<unk>")
