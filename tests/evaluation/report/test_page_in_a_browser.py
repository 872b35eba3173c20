"""The page of a report in Chromium: on a narrow screen, in both colour schemes, and printed."""

from __future__ import annotations

import pytest
from support.evaluation_cases import make_corpus, perfect

from enunciate.evaluation.report.evaluated_systems import System
from enunciate.evaluation.report.page import report_html

pytest.importorskip("scipy")
pytest.importorskip("kaldialign")
pytest.importorskip("jiwer")
pytestmark = pytest.mark.slow

GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture
def opened(chromium, tmp_path):
    """Open the page of a small corpus with options of a browser's context."""
    path = tmp_path / "report.html"
    path.write_text(report_html([System("x", [perfect(u) for u in make_corpus(2, 2)], {})]), encoding="utf-8")
    contexts = []

    def make(**options):
        contexts.append(chromium().new_context(**options))
        page = contexts[-1].new_page()
        page.goto(path.as_uri())
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [360, 390])
def test_a_narrow_screen_needs_no_scrolling_sideways(opened, width):
    page = opened(viewport={"width": width, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [390, 800, 1400])
def test_the_text_of_all_charts_has_one_size(opened, width):
    page = opened(viewport={"width": width, "height": 740})
    # How tall text is on the screen: its own size times how its chart is scaled.
    drawn = "[...document.querySelectorAll('svg text')].map(t => parseFloat(getComputedStyle(t).fontSize)"
    sizes = page.evaluate(drawn + " * t.ownerSVGElement.getScreenCTM().a)")
    assert len(sizes) > 100
    assert {round(size, 2) for size in sizes} == {11}


def test_the_ground_is_dark_in_the_dark_scheme_and_white_on_paper(opened):
    light, dark = (opened(color_scheme=scheme).evaluate(GROUND) for scheme in ("light", "dark"))
    assert light != dark

    page = opened(color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate(GROUND) == "rgb(255, 255, 255)"
