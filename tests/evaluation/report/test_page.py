"""The page is complete and self-contained, and no text of a corpus or an engine becomes markup in it."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from support.evaluation_cases import make_assessment, make_corpus, make_utterance, perfect
from support.fake_assessor import write_clip

from enunciate.evaluation.report.clips import clips_section, data_uri, worst_clips
from enunciate.evaluation.report.evaluated_systems import System
from enunciate.evaluation.report.markup import VOID, Markup, join, number, tag, with_interval
from enunciate.evaluation.report.page import report_html
from enunciate.evaluation.report.published import PUBLISHED
from enunciate.metrics.pairs import Evaluated
from enunciate.schema import UnparsableAnswer

pytest.importorskip("scipy")
pytest.importorskip("kaldialign")
pytest.importorskip("jiwer")

EVIL = "</script><script>alert('&\"')</script>"


class Checker(HTMLParser):
    """Keeps elements and attributes, and checks that every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, name, attrs):
        self.tags.append(name)
        self.attributes += [(key, value or "") for key, value in attrs]
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name


def parsed(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    return checker


def playable(pair: Evaluated, folder: Path) -> Evaluated:
    path = write_clip(folder / f"{pair.utterance.id}.wav")
    return Evaluated(
        pair.utterance.model_copy(update={"audio": path, "age": 9, "gender": "f"}),
        pair.assessment,
        pair.recognised_phones,
    )


@pytest.fixture
def system(tmp_path: Path) -> System:
    pairs = [playable(perfect(utterance), tmp_path) for utterance in make_corpus()]
    pairs[3] = Evaluated(pairs[3].utterance, None, None)
    return System("first", pairs, {pairs[3].utterance.id: "audio_silent: nothing in it"})


# ------------------------------------------------------------------------------------------------ markup


def test_what_is_not_markup_is_escaped():
    assert tag("p", "1 < 2", class_="note") == '<p class="note">1 &lt; 2</p>'
    assert tag("a", tag("b", "&"), href='"><x') == '<a href="&quot;&gt;&lt;x"><b>&amp;</b></a>'
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert join("<", None, Markup("<br>")) == "&lt;<br>"


def test_numbers_have_a_true_minus_sign_and_a_dash_where_there_is_none():
    assert (number(None), number(-0.5), number(0.12345, 2)) == ("–", "−0.500", "0.12")
    assert with_interval(0.5, (0.4, 0.6), 1) == "0.5<small>0.4 to 0.6</small>"
    assert with_interval(None, None) == "–"


# -------------------------------------------------------------------------------------------------- page


def test_the_page_is_complete_and_loads_nothing(system: System):
    page = report_html([system])
    parser = parsed(page)
    assert page.startswith("<!doctype html>") and page.count("<main>") == 1
    assert not {"script", "link", "iframe", "img"} & set(parser.tags)
    for key, value in parser.attributes:
        assert not key.startswith("on"), key
        if key in ("src", "href"):
            assert value.startswith(("data:audio/", "#")), value[:40]
    assert "url(" not in page and "@import" not in page and "http://" not in page
    ids = [value for key, value in parser.attributes if key == "id"]
    assert len(ids) == len(set(ids))
    links = {value[1:] for key, value in parser.attributes if key == "href"}
    assert links <= set(ids)


def test_published_rows_are_marked_and_the_page_warns_of_another_split(system: System):
    page = report_html([system])
    for row in PUBLISHED:
        assert f"† {row.name}" in page
    assert "which is not the official test split" in page
    assert page.count('class="published"') == len(PUBLISHED)


@pytest.mark.slow
def test_the_page_warns_where_systems_were_run_on_different_clips(system: System):
    other = System("second", system.pairs[4:], {})
    assert "not run on the same clips" in report_html([system, other])
    assert "not run on the same clips" not in report_html([system])


def test_failures_and_unparsable_answers_are_counted(system: System):
    pair = system.pairs[0]
    assert pair.assessment
    broken = UnparsableAnswer(task="apa", raw=EVIL, reason="not JSON")
    assessment = pair.assessment.model_copy(update={"unparsable": (broken,), "accuracy": None})
    pairs = [Evaluated(pair.utterance, assessment, pair.recognised_phones), *system.pairs[1:]]
    page = report_html([System("s", pairs, system.errors)])
    assert '<th scope="row">error audio_silent</th><td>1</td>' in page
    assert '<th scope="row">unparsable answers, scores</th><td>1</td>' in page
    assert EVIL not in page and "&lt;script&gt;alert" in page


def test_text_of_corpus_engine_and_folder_stays_text(tmp_path: Path):
    pairs = []
    for number_, pair in enumerate(perfect(u) for u in make_corpus(3, 2)):
        assert pair.assessment and pair.utterance.words
        word = pair.assessment.words[0].model_copy(update={"text": EVIL})
        assessment = pair.assessment.model_copy(update={"words": (word,), "model": EVIL})
        utterance = pair.utterance.model_copy(
            update={"id": f"{EVIL}{number_}", "speaker": EVIL, "gender": EVIL, "audio": tmp_path / EVIL}
        )
        pairs.append(Evaluated(utterance, assessment, pair.recognised_phones))
    page = report_html([System(EVIL, pairs, {"x": f"{EVIL}: y"})])
    assert "<script" not in page
    assert "script" not in parsed(page).tags
    assert "cannot be played" in page


def test_a_system_that_failed_everywhere_still_has_a_page(system: System):
    pairs = [Evaluated(pair.utterance, None, None) for pair in system.pairs]
    page = report_html([System("silent", pairs, {})])
    parsed(page)
    assert "none answered" in page and "does not recognise phones without a reference text" in page
    assert "nan" not in re.sub(r"base64,[^\"]*", "", page)


def test_a_corpus_without_labels_still_has_a_page():
    utterance = make_utterance(phone_scores=None)
    page = report_html([System("bare", [Evaluated(utterance, make_assessment(utterance), None)], {})])
    assert "table" in parsed(page).tags and "bare" in page and "nan" not in page


# ------------------------------------------------------------------------------------------------- clips


def test_the_worst_clips_come_first_and_failures_are_not_among_them():
    values = {"a": 5.0, "b": 9.0, "c": 5.5, "d": None}
    pairs = []
    for id, value in values.items():
        utterance = make_utterance(id, human=5)
        pairs.append(
            Evaluated(utterance, None if value is None else make_assessment(utterance, value=value), None)
        )
    assert [(pair.utterance.id, error) for error, pair in worst_clips(pairs)] == [
        ("b", 4),
        ("c", 0.5),
        ("a", 0),
    ]
    assert len(worst_clips(pairs, n=2)) == 2


def test_a_clip_is_a_small_uri_that_decodes_to_the_same_audio(tmp_path: Path):
    path = write_clip(tmp_path / "a.wav", duration_s=3)
    uri = data_uri(make_utterance().model_copy(update={"audio": path}))
    kind, content = uri.split(";base64,")
    assert kind in ("data:audio/mpeg", "data:audio/flac")
    assert len(uri) < path.stat().st_size
    samples, rate = sf.read(BytesIO(base64.b64decode(content)))
    assert rate == 16_000 and len(samples) / rate == pytest.approx(3, abs=0.2)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(220, abs=2)


def test_words_are_marked_by_more_than_colour():
    utterance = make_utterance(human=5, phone_scores=(2, 1, 0))
    marks = {}
    for value in (9.0, 6.0, 2.0):
        pair = Evaluated(utterance, make_assessment(utterance, value=value, heard={2: None}), None)
        page = clips_section([pair], "x")
        marks[value] = re.findall(r'class="word (\w+)"[^>]*><b>(.)', page)
        assert "T→∅" in page
        assert f"{value:.1f} | 5.0" in page  # the mean of the phones: 1 of 2
    assert marks == {9.0: [("good", "W")], 6.0: [("fair", "~")], 2.0: [("poor", "✗")]}


def test_the_page_has_a_table_for_each_division_that_the_corpus_knows(system: System) -> None:
    page = report_html([system])
    captions = [f"<caption>By {name}</caption>" for name in ("age", "gender", "words of the text")]
    assert all(caption in page for caption in captions)
    assert "By first language" not in page  # no clip of this corpus has one


def test_the_page_says_what_is_left_beyond_the_stopwatch(system: System) -> None:
    page = report_html([system])

    assert "Beyond the stopwatch" in page
    assert "accuracy, beyond" in page and "total, ranks" in page


def test_a_corpus_without_scores_of_utterances_has_no_empty_charts_and_no_published_rows() -> None:
    utterance = make_utterance(said={0: "G"})
    pairs = [Evaluated(utterance, make_assessment(utterance), None)]
    page = report_html([System("bare", pairs, {}), System("other", pairs, {})])
    assert "No clip has both a human and a predicted score" in page
    assert "accuracy: predicted mean 5.00" in page and "human mean" not in page
    assert "†" not in page and "official test split" not in page
