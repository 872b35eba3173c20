"""What the page tells about the learner's own text while it is typed."""

from __future__ import annotations

import json

import pytest
from support.page_cases import EXAMPLE, SENTENCE, answer_with, shows

pytestmark = pytest.mark.slow


@pytest.fixture
def typed(open_page):
    """A page on which the learner has typed a text, and its preview."""

    def make(text: str, **how):
        page = open_page(**how)
        page.check("input[value=own]", force=True)
        page.fill("#own-text", text)
        page.wait_for_selector("#preview:not([hidden])")
        return page

    return make


def sent_text(page) -> str:
    """Send a recording, and return the text that the service got with it."""
    with page.expect_response("**/v1/assessments") as answered:
        page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector("#result:not([hidden])")
    return answered.value.json()["text"]


def test_each_word_has_its_signs_with_the_stressed_syllable_marked(typed):
    page = typed("See my tomato.")

    assert page.locator("#preview-words li").all_inner_texts()[1].split() == ["my", "maɪ"]
    assert page.inner_text("#preview-words li:nth-child(3) .ipa") == "təˈmeɪˌtoʊ"
    assert page.locator("#preview-words strong").all_inner_texts() == ["ˈmeɪ"]
    assert page.inner_text("#preview-state") == "3 words."
    assert page.inner_text("#preview-choices") == ""


def test_a_sentence_of_a_topic_has_its_signs_too(open_page):
    page = open_page()
    shows(page, "#preview-words li:nth-child(7) .ipa", "təˈdeɪ")
    assert page.inner_text("#preview-state") == ""
    page.check("input[value=free]", force=True)
    assert page.is_hidden("#preview")


def test_a_long_preview_scrolls_and_leaves_the_button_to_record_in_its_place(typed):
    page = typed("I think the weather is nice. ")
    short = page.locator("#record").bounding_box()["y"]
    page.fill("#own-text", "I paid $3.50 at 10:30 on 12/05/2024 there. " * 20)
    shows(page, "#preview-state", "160 words.")

    assert page.locator("#record").bounding_box()["y"] - short < 200


def test_what_is_read_as_several_words_and_what_is_not_read_is_told(typed):
    page = typed("It costs $3.50 😀")

    assert "$3.50: three dollars and fifty cents" in page.inner_text("#preview-words")
    assert page.inner_text("#preview-state") == "3 words. Not read: 😀"


def test_the_service_is_asked_once_after_a_pause_in_typing(open_page):
    page = open_page()
    page.check("input[value=own]", force=True)
    asked = []
    page.on("request", lambda request: "v1/texts" in request.url and asked.append(request.post_data))
    page.keyboard.type(SENTENCE)
    shows(page, "#preview-state", "7 words.")

    assert json.loads(asked[-1]) == {"text": SENTENCE}
    assert len(asked) < len(SENTENCE) / 4
    page.fill("#own-text", "")
    assert page.is_hidden("#preview")


def test_a_guessed_word_is_chosen_by_keyboard_and_sent_as_it_is_to_be_said(typed):
    page = typed("I think Xiaoming is nice, Wei-Xiaoming's “Xiaoming”.")
    assert "2 are not in the dictionary" in page.inner_text("#preview-state")
    group = page.get_by_role("group", name="Say “Xiaoming” like", exact=True)
    options = group.locator("label").all_inner_texts()
    assert options[:2] == ["I am not sure", "SHYOW-ming"] and len(options) == 4
    assert page.locator("#preview-words .guess").count() == 3

    group.get_by_role("radio", name="I am not sure").focus()
    page.keyboard.press("ArrowDown")

    assert page.evaluate("document.activeElement.closest('label').innerText") == "SHYOW-ming"
    assert page.locator("#preview-words .guess").count() == 1
    xiaoming = "Xiaoming{SH Y AW1 M IH0 NG}"
    assert sent_text(page) == f"I think {xiaoming} is nice, Wei-Xiaoming's “{xiaoming}”."


def test_a_choice_after_a_hyphen_is_for_that_word_alone(typed):
    page = typed("I think Mary-Xiaoming is nice.")
    page.get_by_label("SHYOW-ming").check(force=True)

    assert sent_text(page) == "I think Mary Xiaoming{SH Y AW1 M IH0 NG} is nice."


def test_a_learner_who_is_not_sure_sends_the_text_as_it_is(typed):
    page = typed("I think Xiaoming is nice.")
    page.get_by_label("SHYOW-ming").check(force=True)
    page.get_by_label("I am not sure").check(force=True)

    assert sent_text(page) == "I think Xiaoming is nice."


def test_attempts_keep_the_text_as_typed(typed):
    page = typed("I think Xiaoming is nice today.")
    page.get_by_label("SHYOW-ming").check(force=True)
    sent_text(page)
    page.wait_for_selector(".attempts li")

    assert "{" not in page.inner_text("main")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I like 你好 today", "No English letters: 你好. Write these words in English letters"),
        ("你好", "This is not English. Write your sentence in English."),
        ("I like {XX} it", "The signs { and } cannot be read. Leave them out"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_plain_sentence(typed, text, told):
    page = typed(text)

    shows(page, "#preview-state", told)
    assert page.inner_text("#preview-words") == ""


def test_a_server_that_does_not_answer_leaves_the_preview_out(typed):
    page = typed("I see")
    answer_with(page, 503, "unready", where="**/v1/texts")
    page.fill("#own-text", "I see you")

    page.wait_for_selector("#preview", state="hidden")
    assert page.inner_text("#problem") == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_preview_is_accessible_and_fits_a_phone(typed, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    how = {"viewport": {"width": 390, "height": 740}, "color_scheme": scheme}
    page = typed("On 12/05/2024 Xiaoming and Ramanujan paid $3.50 for two tomatoes 😀.", **how)
    page.wait_for_selector("#preview-choices fieldset")

    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.get_attribute("#preview-state", "role") == "status"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
