"""The result on the page: a learner sees and hears the answer of the service."""

from __future__ import annotations

import json

import pytest
from support.page_cases import EXAMPLE, SENTENCE, VOICE, WRONG_TEXT, answer_with, shows, states

pytestmark = pytest.mark.slow

SCORE = {"value": 6.0, "low": 4.0, "high": 8.0}


@pytest.fixture(scope="module")
def answer(address) -> dict:
    """The service's answer on the example clip."""
    httpx = pytest.importorskip("httpx")
    sent = {"audio": ("clip.flac", EXAMPLE.read_bytes())}
    return httpx.post(f"{address}/v1/assessments", files=sent, data={"text": SENTENCE}).json()


@pytest.fixture
def answered(open_page):
    """A page that was given an answer of our making."""

    def make(answer: dict):
        page = open_page()
        page.route("**/v1/assessments", lambda route: route.fulfill(json=answer))
        page.set_input_files("#file", EXAMPLE)
        page.wait_for_selector("#result:not([hidden])")
        return page

    return make


def test_scores_ranges_and_words_are_those_of_the_answer(assessed, answer):
    page = assessed()
    for aspect in ("accuracy", "fluency", "prosodic", "total"):
        shown = page.inner_text(f"[data-aspect={aspect}]")
        score = answer[aspect]
        assert f"{score['value']:.1f}" in shown
        assert f"probably {score['low']:.1f} to {score['high']:.1f}, " in shown
    accuracy = page.inner_text("[data-aspect=accuracy]")
    assert f"to {answer['accuracy']['high']:.1f}, good to excellent" in accuracy
    assert "“nice”, /n/ sounded like /l/ (very sure, 100%)" in accuracy
    assert "11.0 sounds per second" in page.inner_text("[data-aspect=fluency]")
    assert "Start with /n/ in “nice”" in page.inner_text("[data-aspect=total]")


def test_a_state_is_told_without_colour_too(assessed):
    page = assessed()
    styles = page.eval_on_selector_all(
        ".word", "words => words.map(w => [w.textContent, getComputedStyle(w).textDecorationStyle])"
    )
    assert ["nice, wrong sound", "wavy"] in styles
    assert ["today, good", "solid"] in styles
    assert "wrong sound" in page.inner_text(".legend")


def test_a_word_plays_its_part_and_opens_to_its_sounds(assessed, answer):
    page = assessed()
    page.click(".word >> text=nice")
    word = next(word for word in answer["words"] if word["text"] == "nice")

    ((_, start, length),) = page.evaluate("played")
    assert start == pytest.approx(word["start_s"] - 0.04, abs=1e-6)
    assert length == pytest.approx(word["end_s"] - word["start_s"] + 0.08, abs=1e-6)
    assert page.inner_text("#detail .ipa") == "/naɪs/"
    assert page.locator(".phone .sign").all_inner_texts() == ["n", "aɪ", "s"]
    n = page.locator(".phone[data-phone=N]")
    assert n.get_attribute("data-state") == "wrong"
    assert "Sounded like /l/ (very sure, 100%)" in n.inner_text()
    assert "Compare “light” and “night”" in n.inner_text()

    n.get_by_role("button", name="Hear it: your n").click()
    _, start, length = page.evaluate("played[1]")
    phone = word["phones"][0]
    assert (start, length) == pytest.approx(
        (phone["start_s"] - 0.04, phone["end_s"] - phone["start_s"] + 0.08), abs=1e-6
    )


def test_the_keyboard_goes_from_word_to_word(assessed):
    page = assessed()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "I, good"
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent") == "nice, wrong sound"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert len(page.evaluate("played")) == 1
    page.keyboard.press("Escape")

    assert page.is_hidden("#detail")
    assert page.evaluate("document.activeElement.textContent") == "nice, wrong sound"


def test_the_model_reads_sentence_and_word(assessed):
    page = assessed(voice=VOICE)
    page.click("#say")
    page.click("#say-slowly")
    page.click(".word >> text=weather")
    page.click("#say-word")
    assert page.evaluate("said") == [[SENTENCE, 1], [SENTENCE, 0.6], ["weather", 1]]


def test_a_browser_without_a_voice_says_so(open_page):
    page = open_page()
    assert page.is_hidden("#listen")
    assert "no English voice" in page.inner_text("#speech-state")


def test_the_timeline_has_words_sounds_and_pitch_and_a_table(assessed, answer):
    page = assessed()
    assert page.locator(".wave-word").count() == len(answer["words"])
    assert page.locator(".wave-phone").count() == len(answer["phones"])
    width = page.evaluate("document.querySelector('.timeline').width.baseVal.value")
    x = page.evaluate("document.querySelectorAll('.wave-word rect')[5].x.baseVal.value")
    assert x / width == pytest.approx(answer["words"][5]["start_s"] / answer["duration_s"], abs=0.005)
    assert len(page.get_attribute(".envelope", "d")) > 1000
    assert page.get_attribute(".pitch", "d").count("L") > 50

    page.get_by_role("button", name="zoom in").click()
    wider = page.evaluate("document.querySelector('.timeline').width.baseVal.value")
    assert wider == pytest.approx(1.5 * width, abs=2) or wider == pytest.approx(
        700 * answer["duration_s"], abs=2
    )
    page.click("text=Show as a table")
    rows = page.locator(".as-table tbody tr").all_inner_texts()
    nice = answer["words"][5]
    assert rows[5].split() == ["nice", f"{nice['start_s']:.2f}", f"{nice['end_s']:.2f}", "n", "aɪ", "s"]


def test_the_playhead_moves_while_a_word_is_played(assessed):
    page = assessed()
    page.click(".word >> text=today")
    assert page.get_attribute(".playhead", "visibility") == "visible"
    assert page.inner_text("#play-all") == "Stop playing"
    page.wait_for_selector(".playhead[visibility=hidden]", state="attached")
    assert page.inner_text("#play-all") == "Play recording"


def test_pauses_and_missing_words_are_named(answered, answer):
    missing = answer["words"][5] | {"error": "omission"}
    changed = answer | {
        "words": [*answer["words"][:5], missing, answer["words"][6]],
        "pauses": [{"start_s": 1.3, "end_s": 2.0}],
        "rates": {"phones_per_s": 4.0, "words_per_s": 1.0, "articulation_phones_per_s": 6.0},
    }
    page = answered(changed)
    assert states(page)["nice"] == "missing"
    assert "Not heard: “nice”" in page.inner_text("[data-aspect=accuracy]")
    assert "6 of 7 words were heard" in page.inner_text("[data-aspect=total]")
    flow = page.inner_text("[data-aspect=fluency]")
    assert "You paused for 0.7 s after “weather”" in flow
    assert "6.0 sounds per second is slow" in flow
    assert page.locator(".pause").count() == 1


def test_a_sound_that_was_dropped_at_the_end_has_its_own_hint(answered, answer):
    nice = answer["words"][5]
    dropped = nice["phones"][2] | {
        "heard": None,
        "mispronounced": True,
        "score": {"value": 0.1, "low": 0, "high": 1},
    }
    word = nice | {"phones": [*nice["phones"][:2], dropped]}
    page = answered(answer | {"words": [*answer["words"][:5], word, answer["words"][6]]})
    page.click(".word >> text=nice")
    said = page.inner_text(".phone[data-phone=S]")
    assert "Not heard." in said and "Keep the last sound going" in said


def test_a_sound_that_is_not_quite_clear_is_no_error(answered, answer):
    nice = answer["words"][5]
    unclear = nice["phones"][0] | {"heard": "N", "heard_probability": 0.02, "mispronounced": False}
    unclear["score"] = {"value": 1.2, "low": 0.2, "high": 2.0}
    word = nice | {"error": "none", "phones": [unclear, *nice["phones"][1:]]}
    page = answered(answer | {"words": [*answer["words"][:5], word, answer["words"][6]]})
    assert states(page)["nice"] == "close"
    page.click(".word >> text=nice")
    assert "Not quite clear" in page.inner_text(".phone[data-phone=N]")


def test_warnings_say_what_to_do(answered, answer):
    codes = ("clipping", "low_level", "noisy", "text_mismatch", "one_engine")
    page = answered(answer | {"warnings": [{"code": code, "message": "raw"} for code in codes]})
    shown = page.locator(".note").all_inner_texts()
    expected = ("Move back", "Move closer", "quieter place", "read the sentence shown", "other one alone")
    assert [words in note for words, note in zip(expected, shown, strict=True)] == [True] * 5


def test_another_sentence_gets_the_warning_of_the_real_engine(assessed):
    page = assessed(WRONG_TEXT)
    shows(page, ".note", "This does not sound like the sentence")
    assert "hard to follow" in page.inner_text("[data-aspect=total]")


def test_just_talk_shows_the_sounds_that_were_heard(open_page):
    page = open_page()
    page.check("input[value=free]", force=True)
    page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector("#result:not([hidden])")

    signs = page.eval_on_selector_all(".chip", "chips => chips.map(chip => chip.firstChild.textContent)")
    assert "".join(signs).startswith("aɪθɪŋ")
    assert "Scored without a text" in page.inner_text("#notices")
    assert page.locator(".word").count() == 0
    page.click(".chip >> nth=1")
    assert len(page.evaluate("played")) == 1


def test_nothing_heard_at_all_is_not_scored(answered, answer):
    nothing = dict.fromkeys(("accuracy", "fluency", "prosodic", "total", "completeness", "rates", "text"))
    page = answered(answer | nothing | {"words": [], "phones": [], "pauses": [], "used_reference": False})
    assert "No English sounds were heard" in page.inner_text("#reading")
    assert "not scored" in page.inner_text("[data-aspect=total]")


def test_text_from_outside_never_becomes_markup(answered, answer):
    hostile = "<img src=x onerror=alert(1)>"
    word = answer["words"][0] | {"text": hostile}
    page = answered(json.loads(json.dumps(answer | {"words": [word, *answer["words"][1:]]})))
    page.click(".word >> nth=0")
    assert hostile in page.inner_text("#detail h3")
    assert page.locator("#reading img").count() == 0


def test_an_error_of_the_server_is_no_result(open_page):
    page = open_page()
    answer_with(page, 500, "internal", "the engine failed")
    page.set_input_files("#file", EXAMPLE)
    shows(page, "#problem", "Something went wrong on the server")
    assert page.is_hidden("#result") and page.is_visible("#resend")
