"""The page by keyboard, with a screen reader, on a narrow screen, in the dark, and without motion."""

from __future__ import annotations

from itertools import pairwise

import pytest
from support.page_cases import EXAMPLE, VOICE, answer_with, record, shows, states

pytestmark = pytest.mark.slow

# Contrast of text with what is behind it, WCAG 2.2: (lighter + 0.05) / (darker + 0.05) of their luminances.
CONTRASTS = """() => {
    const luminance = ([r, g, b]) => [r, g, b]
        .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
    const behind = (node) => {
        for (; node; node = node.parentElement) {
            const [r, g, b, a = 1] = numbers(getComputedStyle(node).backgroundColor);
            if (a === 1) return [r, g, b];
            if (a > 0) throw new Error("half transparent: " + node.className);
        }
        return [255, 255, 255];
    };
    const contrasts = [];
    for (const node of document.querySelectorAll("body *")) {
        const text = [...node.childNodes].some(c => c.nodeType === 3 && c.textContent.trim());
        const shown = node.checkVisibility() && !node.closest(":disabled, .unseen, .skip, svg");
        if (!text || !shown) continue;
        const [a, b] = [luminance(numbers(getComputedStyle(node).color)), luminance(behind(node))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        contrasts.push([ratio, `${node.tagName}.${node.className}: ${node.textContent.trim().slice(0, 30)}`]);
    }
    return contrasts;
}"""
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter(n => n.checkVisibility() && !n.closest(".timeline-scroll, .table-scroll, .unseen, .skip")
        && n.getBoundingClientRect().right > innerWidth + 0.5)
    .map(n => n.tagName + "." + n.className)"""


@pytest.fixture
def full(assessed):
    """A page with all that it can show at once: a word open, a trouble, attempts and a voice."""

    def make(**how):
        page = assessed(voice=VOICE, **how)
        page.click(".word >> text=nice")
        for summary in page.locator("summary").all():
            summary.click()
        return page

    return make


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(full, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    page = full(color_scheme=scheme)
    with_result = axe.Axe().run(page)
    assert with_result.violations_count == 0, with_result.generate_report()
    assert len(with_result.response["passes"]) > 20

    answer_with(page, 429, "full")
    page.set_input_files("#file", EXAMPLE)
    shows(page, "#problem", "Many people")
    page.click("#delete-all")
    with_trouble = axe.Axe().run(page)
    assert with_trouble.violations_count == 0, with_trouble.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(full, scheme):
    page = full(color_scheme=scheme)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 60
    assert [(round(ratio, 2), what) for ratio, what in contrasts if ratio < 4.5] == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(21, 23, 28)") == (scheme == "dark")


@pytest.mark.parametrize("width", [320, 360, 390])
def test_narrow_screens_need_no_scrolling_sideways(full, width):
    page = full(viewport={"width": width, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(TOO_WIDE) == []
    scroll = "document.querySelector('.timeline-scroll')"
    assert page.evaluate(f"{scroll}.scrollWidth > {scroll}.clientWidth")


def test_a_long_text_fits_a_narrow_screen(open_page):
    page = open_page(viewport={"width": 360, "height": 740})
    page.check("input[value=own]", force=True)
    page.fill("#own-text", "I think the weather is nice today " * 3)
    page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector(".attempts li")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate(TOO_WIDE) == []


def test_fingers_find_what_they_press(full):
    page = full(viewport={"width": 360, "height": 740})
    small = page.eval_on_selector_all(
        "button, select, input[type=radio], .check",
        """all => all.filter(n => n.checkVisibility()).map(n => [n.getBoundingClientRect(), n.textContent])
            .filter(([box]) => box.height < 32 || box.width < 24).map(([box, text]) => text + box.height)""",
    )
    assert small == []


def test_a_sentence_is_chosen_recorded_and_looked_at_by_keyboard_alone(open_page, microphone):
    page = open_page(*microphone(EXAMPLE))

    def focused() -> str:
        return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")

    page.keyboard.press("Tab")
    assert focused() == "Skip to practice"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#sentence") == "The red light was on the right."
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    assert focused() == "previous"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused() == "record"

    page.keyboard.press("Space")
    page.wait_for_selector("#record[data-state=recording]")
    shows(page, "#elapsed", "0:03")
    page.keyboard.press("Space")
    page.wait_for_selector("#result:not([hidden])")
    assert focused() == "result-title"
    assert states(page)["nice"] == "wrong"
    page.keyboard.press("Tab")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.inner_text("#detail h3").startswith("nice")
    assert page.evaluate("played.length") == 1

    page.get_by_role("button", name="Read it again").press("Enter")
    assert focused() == "record"


def test_states_are_announced(open_page, microphone):
    page = open_page(*microphone(EXAMPLE))
    assert page.get_attribute("#state", "role") == "status"
    assert page.get_attribute("#problem", "role") == "alert"
    record(page)
    shows(page, "#state", "Done. Your result is below.")


def test_every_part_has_a_name(full):
    page = full()
    landmarks = page.eval_on_selector_all(
        "main section, nav, [role=region], [role=group], [role=meter], fieldset, svg[role=img]",
        """all => all.filter(n => !n.getAttribute("aria-label") && !n.querySelector("legend")
            && !document.getElementById(n.getAttribute("aria-labelledby"))).map(n => n.outerHTML)""",
    )
    assert landmarks == []
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(n => Number(n.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_nothing_moves_where_motion_is_not_wanted(full):
    page = full()
    moving = page.eval_on_selector_all(
        "body *", "all => all.filter(n => getComputedStyle(n).animationName !== 'none').length"
    )
    page.evaluate("document.getElementById('record').dataset.state = 'sending'")
    assert moving == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.record-dot')).animationName") == "none"
