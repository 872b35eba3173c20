"""The attempts that are stored on the device: plot, export, deletion."""

from __future__ import annotations

import csv
import json

import pytest
from support.page_cases import CORRECT, EXAMPLE, SENTENCE, states

pytestmark = pytest.mark.slow


def two_attempts(page) -> None:
    """A second one, of the same sentence, beside that of the example."""
    page.set_input_files("#file", CORRECT)
    page.wait_for_selector(".attempts li:nth-child(2)")


def test_attempts_are_listed_and_drawn(assessed):
    page = assessed()
    two_attempts(page)
    assert page.locator(".plot-dot").count() == 2
    assert page.get_attribute(".plot", "aria-label").startswith("Overall: 2 attempts, first 8.2, last 9.2")
    assert "to work on: nice" in page.inner_text(".attempts li:nth-child(2)")

    page.select_option("#which-score", "fluency")
    page.wait_for_selector(".plot[aria-label^='Flow']")
    assert page.evaluate("document.activeElement.id") == "which-score"
    page.check("input[value=free]", force=True)
    page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector(".attempts li:nth-child(3)")
    page.select_option("#which-text", "Just talk")
    page.wait_for_selector(".plot[aria-label*='1 attempt']")


def test_attempts_stay_and_can_be_looked_at_again_with_the_recording(open_page):
    page = open_page()
    page.check("#keep-audio")
    page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector(".attempts li")
    page.reload()
    page.wait_for_selector(".attempts li")
    assert page.is_checked("#keep-audio") and page.is_hidden("#result")

    page.get_by_role("button", name="View").click()
    page.wait_for_selector("#result:not([hidden])")
    assert page.inner_text("#result-title") == "An earlier attempt"
    assert states(page)["nice"] == "wrong"
    page.click("#play-all")
    assert page.evaluate("played.length") == 1


def test_without_consent_no_recording_is_kept(assessed):
    page = assessed()
    page.reload()
    page.get_by_role("button", name="View").click()
    page.wait_for_selector("#result:not([hidden])")
    assert "not available" in page.inner_text("#wave")
    assert page.locator("#play-all").count() == 0


def test_attempts_are_saved_as_csv_and_json(assessed):
    page = assessed()
    two_attempts(page)
    with page.expect_download() as saved:
        page.click("#export-csv")
    assert saved.value.suggested_filename.endswith(".csv")
    rows = list(csv.DictReader(saved.value.path().read_text(encoding="utf-8").splitlines()))
    assert [row["text"] for row in rows] == [SENTENCE] * 2
    assert [row["wrong_words"] for row in rows] == ["nice", ""]
    assert rows[0]["wrong_sounds"] == "n>l"
    assert float(rows[0]["total_low"]) <= float(rows[0]["total"]) <= float(rows[0]["total_high"])

    with page.expect_download() as saved:
        page.click("#export-json")
    attempts = json.loads(saved.value.path().read_text(encoding="utf-8"))
    assert [made["answer"]["model"][:6] for made in attempts] == ["pocket"] * 2


def test_a_text_cannot_become_a_formula_of_a_spreadsheet(open_page):
    page = open_page()
    written = page.evaluate(
        """async () => {
            const { toCsv } = await import("./static/history.js");
            const answer = { model: "m", words: [], phones: [], completeness: null };
            return toCsv([{ at: "2026-01-01", text: '=HYPERLINK("x"), b', answer }]);
        }"""
    )
    assert next(csv.DictReader(written.splitlines()))["text"] == '\'=HYPERLINK("x"), b'


def test_one_attempt_is_deleted_and_deleting_asks_first(assessed):
    page = assessed()
    two_attempts(page)
    page.get_by_role("button", name="Delete the attempt").first.click()
    page.click("#confirm-yes")
    page.wait_for_selector(".attempts li:nth-child(2)", state="detached")
    assert "nice" in page.inner_text(".attempts li")


def test_all_attempts_are_deleted_by_keyboard(assessed):
    page = assessed()
    page.focus("#delete-all")
    page.keyboard.press("Enter")
    page.wait_for_selector("#confirm[open]")
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    page.keyboard.press("Enter")
    page.wait_for_selector("#confirm:not([open])", state="hidden")
    assert page.locator(".attempts li").count() == 1

    page.keyboard.press("Enter")
    page.wait_for_selector("#confirm[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#confirm:not([open])", state="hidden")
    assert page.locator(".attempts li").count() == 1

    page.keyboard.press("Enter")
    page.wait_for_selector("#confirm[open]")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".attempts", state="detached")
    assert "Nothing yet" in page.inner_text("#history")
    page.reload()
    page.wait_for_selector("#history p")
    assert "Nothing yet" in page.inner_text("#history")


def test_a_browser_that_keeps_nothing_still_assesses(open_page):
    broken = """
        indexedDB.open = () => { throw new DOMException("no", "SecurityError"); };
        const refuse = () => { throw new DOMException("no", "SecurityError"); };
        Object.defineProperty(window, "localStorage", { get: refuse });
    """
    page = open_page(scripts=(broken,))
    page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector("#result:not([hidden])")
    assert "does not allow the page to store anything" in page.inner_text("#history")
